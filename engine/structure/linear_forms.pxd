from .flatten cimport floats, ints
from .value_numbering cimport Known
cdef int COMPUTED, GIVEN, NONE, DOT
