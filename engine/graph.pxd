from .value cimport Value

cdef long long MOST, _last

cpdef long long marks(long long count=*)
