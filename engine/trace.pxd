cimport cython
from .integers cimport Integers
from .program cimport Program
from .value cimport Value

cdef class Tracer:
    cdef public Program program
    cdef public list parameters
    cdef dict inputs, leaves, codes
    cdef long newest
    cdef long long zero
    cdef Integers operands

    @cython.locals(program=Program, operands=Integers, a=Value, b=Value, value=Value, at=int, n=int)
    cdef object write(self, Value node)
    cpdef int find(self, Value value) except -1
    cdef int leaf(self, Value value) except -1

@cython.locals(nodes=list, node=Value, tracer=Tracer)
cpdef tuple trace(Value output, dict inputs, long newest)
