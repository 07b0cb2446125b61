from .flatten cimport ints
from .linear_forms cimport GIVEN
cdef int ADD, DOT, MUL, NONE, SUB, SUM
cdef int _inside(int i, int *codes, int *starts, int *operands, int *form_of, int *depends, int *activations, int first_sum) noexcept
cdef int _weight_edge(int a, int b, int *operands, int *form_of, int first_sum) noexcept
