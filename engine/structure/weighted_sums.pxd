from .flatten cimport ints
from .linear_forms cimport GIVEN
cdef int ADD, DOT, MUL, NONE, SUB, SUM
cdef int _inside(int i, int *codes, int *starts, int *operands, int *at, int *depends, int *activations, int parameters) noexcept
