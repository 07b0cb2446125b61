cimport cython
from .value cimport Value

cdef long long _last

cpdef long long marks(long long count=*)
@cython.locals(search="long long", stack=list, found=list, operands=list, node=Value, a=Value, b=Value, x=Value)
cpdef list order(Value output)
