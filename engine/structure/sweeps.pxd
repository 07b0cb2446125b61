from .flatten cimport floats, ints
from libc.math cimport log as c_log, sqrt as c_sqrt
cdef int ADD, SUB, MUL, DIV, NEG, RELU, SUM, DETACH, SELECT
cdef double INF
cpdef bint all_small(object places, object numbers, double limit) except -1
cpdef list small(object places, object numbers, double limit)
cpdef list cancelling(object places, object gradients, object squares, double limit)
cdef bint _is_margin(int i, int size, int *codes, int *starts, int *operands) noexcept
cpdef int smallest(object places, object numbers) except? -1
cpdef bint exceeds(object places, object numbers, double limit) except -1
cdef bint _cuts(int code) noexcept
