cimport cython
from .program cimport Program

cdef class Tracer:
    cdef public Program program
    cdef public list parameters
    cdef dict inputs, older
    cdef long newest
    cdef int[::1] younger

    @cython.locals(age=long, found=int)
    cpdef int find(self, object value) except -1
    @cython.locals(age=long)
    cpdef object note(self, object value, int i)
    cpdef int leaf(self, object value) except -1
