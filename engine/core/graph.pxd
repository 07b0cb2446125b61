from .value cimport Value

cdef long long _last

cpdef long long marks(long long count=*)
