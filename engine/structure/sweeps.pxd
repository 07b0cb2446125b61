from .flatten cimport floats, ints
from libc.math cimport log as c_log, sqrt as c_sqrt
cdef int ADD, SUB, MUL, DIV, NEG, RELU, SUM
cdef bytearray CLOSED
cdef double INF
cpdef bint all_small(object indices, object numbers, double limit) except -1
cpdef list small(object indices, object numbers, double limit)
cpdef list cancelling(object indices, object gradients, object squares, double limit)
cdef bint _is_margin(int i, int size, int *codes, int *starts, int *operands) noexcept
cpdef int smallest(object indices, object numbers) except? -1
cpdef bint exceeds(object indices, object numbers, double limit) except -1
cdef bint _is_closed(int code, int slot) except -1
