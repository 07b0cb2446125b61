from .flatten cimport floats, ints
from .value_numbering cimport ValueNumbers
cdef int COMPUTED, GIVEN, WEIGHTED, MULTIPLIES, NONE, NO_INDEX, ADD, DIV, DOT, MUL, NEG, SUB, SUM
cdef int _terms(int code, int first, int last, int *operands, int *form_of, int first_sum, int start, int *found) noexcept
cdef int _weight(int code, int first, int last, int *operands, int *form_of, int *weighted, int first_sum) noexcept
cdef int _product(int a, int b, int first_sum) noexcept
cdef int _key(int form, int first_sum) noexcept
cdef bint _are_equal(int first, int last, int start, int count, int *keys) noexcept
cdef bint _is_sorted(int first, int last, int *keys) noexcept
cdef int _scaled(int code, int first, int last, int *operands, int *form_of, int first_sum) noexcept
