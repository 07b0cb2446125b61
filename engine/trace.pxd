cimport cython
from .program cimport Program
from .value cimport Value

cdef class Tracer:
    cdef public Program program
    cdef public list parameters
    cdef dict inputs, older, codes
    cdef long newest
    cdef int[::1] younger

    @cython.locals(program=Program, a=Value, b=Value, at=int, first=int, second=int)
    cdef object write(self, Value node)
    @cython.locals(age=long, found=int)
    cpdef int find(self, Value value) except -1
    @cython.locals(age=long)
    cdef object note(self, Value value, int i)
    cdef int leaf(self, Value value) except -1

@cython.locals(tracer=Tracer)
cpdef tuple trace(Value output, dict inputs, long newest)
