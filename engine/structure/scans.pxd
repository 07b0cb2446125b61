from .flatten cimport floats, ints
from libc.math cimport INFINITY as INF, sqrt as c_sqrt
cpdef object where(object numbers, int number)
cpdef bint all_small(object indices, object numbers, double limit) except -1
cpdef list small(object indices, object numbers, double limit)
cpdef list cancelling(object indices, object gradients, object squares, double limit)
