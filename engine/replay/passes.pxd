from ..structure.value_numbering cimport ValueNumbers
from .program cimport Program
cdef int ADD, CONSTANT, MEAN, MUL, ONE, PRODUCTS
cpdef Program cse(Program program)
cpdef Program dce(Program program)
cpdef Program select(Program program, int[::1] wanted)
cpdef Program group(Program program)
cpdef Program level(Program program)
cpdef tuple columns(Program program, int i, bytearray varies)
cpdef object matrices(Program program, bytearray varies)
cdef bint same_columns(Program program, int i, int k, bytearray varies) except -1
cdef int column(Program program, int j, bytearray varies) except -2
