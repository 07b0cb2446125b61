cimport cython
from .flatten cimport floats, ints
from .value_numbering cimport ValueNumbers
cdef int COMPUTED, GIVEN, NONE, DOT

@cython.final
cdef class Forms:
    cdef public object graph, form_of
    cdef object complete, key_of
    cdef public dict sums
    cdef public list parameters, keys, made, multiplying
    cdef public int first_sum
    cdef object _read(self)
    cdef int _form(self, str op, tuple operands) except -1
    cdef bint _closes(self, int form, tuple operands) except -1
    cdef bint _add_terms(self, list terms, str op, tuple operands) except -1
    cdef bint _add_product(self, list terms, int a, int b) except -1
    cdef int _add(self, list terms, int form) except -1
    cdef bint _is_parameter(self, int form)
    cdef bint _is_sum(self, int form)
