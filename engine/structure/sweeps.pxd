from .flatten cimport floats, ints
from libc.math cimport log as c_log
cdef int ADD, SUB, MUL, DIV, NEG, RELU, SELECT, SUM
cdef bytearray CLOSED
cdef double INF
cdef bint _is_margin(int i, int size, int *codes, int *starts, int *operands) noexcept
cdef bint _is_closed(int code, int slot) except -1
