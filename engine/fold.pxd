cimport cython
from .program cimport Program

cdef int CONSTANT, NEG

@cython.locals(new=Program, i=int, j=int, code=int, at="int[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
cpdef Program fold(Program program)
