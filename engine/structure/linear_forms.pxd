from .flatten cimport floats, ints
from .value_numbering cimport ValueNumbers
cdef int COMPUTED, GIVEN, NONE, ADD, DIV, DOT, MUL, NEG, SUB, SUM
cdef list _terms(int code, int first, int last, int *inner, int first_sum)
cdef int _product(int a, int b, int first_sum) noexcept
