cimport cython
from .program cimport Program
@cython.locals(program=Program, instruction="int[::1]", codes="int[::1]", starts="int[::1]", operands="int[::1]")
cpdef tuple trace(object output, dict inputs, long newest)
cdef int _leaf(Program program, object value, dict inputs, long newest, list parameters) except -1
