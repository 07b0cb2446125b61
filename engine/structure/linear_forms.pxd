# C types for forms.py.
cimport cython
from .value_numbering cimport Known
from .scratch cimport floats, ints

cdef int COMPUTED, GIVEN, NONE, DOT

@cython.final
cdef class Forms:
    cdef public object layout
    cdef public object at
    cdef object ends, key_of
    cdef public dict sums
    cdef public list parameters, keys, made, multiplying
    cdef public int first_sum

    @cython.locals(at="int *", i=int, k=int)
    cdef object _enter_given(self)
    @cython.locals(codes="int *", starts="int *", operands="int *", at="int *", ends="int *", answers="int *", inner="int *",
                   known=Known, size=int, i=int, k=int, first=int, form=int, highest=int)
    cdef object _read(self)
    @cython.locals(at="int *", operands="int *", k=int)
    cdef tuple _inner(self, int first, int last)
    @cython.locals(terms=list, multiplies=bint, form=int, operand=int)
    cdef object _form(self, str op, tuple operands)
    @cython.locals(multiplies=bint, size=int, k=int, form=int)
    cdef bint _add_terms(self, list terms, str op, tuple operands) except -1
    cdef bint _add_product(self, list terms, int a, int b) except -1
    cdef int _add(self, list terms, int form) except -1
    cdef bint _is_parameter(self, int form)
    cdef bint _is_sum(self, int form)
    cdef object _keys(self, object places)
    @cython.locals(at="int *", starts="int *", operands="int *", stages="int *", i=int, k=int, stage=int, highest=int)
    cpdef object stages(self)
    @cython.locals(at="int *", results="int *", operands="int *", deep="int *", k=int)
    cpdef object multiplied(self)
    @cython.locals(at="int *", codes="int *", starts="int *", operands="int *", partials="double *", data="double *",
                   reach="double *", i=int, k=int, first=int, last=int)
    cpdef object reaches(self)
