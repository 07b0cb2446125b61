from .flatten cimport floats, ints
from .value_numbering cimport ValueNumbers
cdef int COMPUTED, GIVEN, NONE, DOT
