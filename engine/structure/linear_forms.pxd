from .flatten cimport floats, ints
from .value_numbering cimport ValueNumbers
cdef int COMPUTED, GIVEN, NONE, NO_INDEX, ADD, DIV, DOT, MUL, NEG, SUB, SUM
cdef int _terms(int code, int first, int last, int *inner, int first_sum, int *found) noexcept
cdef int _enter(int code, int count, int *terms, int form, int first_sum, int *key_of, int *multiplying, int *weighted) noexcept
cdef int _product(int a, int b, int first_sum) noexcept
cdef bint _is_sorted(int first, int last, int *keys) noexcept
cdef int _scaled(int code, int first, int last, int *operands, int *form_of, int first_sum) noexcept
