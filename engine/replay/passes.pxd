cimport cython
from ..structure.value_numbering cimport Known
from .program cimport Program
cdef int ADD, CONSTANT, MEAN, MUL, ONE, PRODUCTS
@cython.locals(at="int[::1]")
cpdef Program cse(Program program)
cpdef Program dce(Program program)
@cython.locals(at="int[::1]")
cpdef Program select(Program program, int[::1] wanted)
@cython.locals(leader="int[::1]")
cpdef Program group(Program program)
@cython.locals(depth="int[::1]", kind="int[::1]")
cpdef Program level(Program program)
cpdef tuple columns(Program program, int i, bytearray varies)
cpdef bint same_columns(Program program, int i, int k, bytearray varies) except -1
cdef int column(Program program, int j, bytearray varies) except -2
@cython.locals(pairs=list, fixed=list, moving=list, a=int, b=int, j=int)
cdef int _mean(Program program, int i, bytearray varies, int zero, bint only_here) except -1
