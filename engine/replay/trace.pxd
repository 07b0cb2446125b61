cimport cython
from .program cimport Program

cdef class Tracer:
    cdef public Program program
    cdef public list parameters
    cdef dict inputs
    cdef object graph
    cdef long newest
    cdef int[::1] instruction
    @cython.locals(codes="int[::1]", starts="int[::1]", operands="int[::1]")
    cpdef object write(self)
    cdef int leaf(self, int i) except -1
