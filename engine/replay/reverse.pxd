cimport cython
from .program cimport Program, Sums
cdef int CONSTANT, IN_C, INPUT, ONE, PRODUCTS, SELECT
cdef bytearray CLOSED
cdef class Fragment:
    cdef Program program, body
    cdef int[::1] at, results
    cpdef int write(self, int y, list operands) except -1
cdef class Partials:
    cdef list fragments
    cdef public int[::1] starts, at
    @cython.locals(fragment=Fragment)
    cpdef object write(self, int y, list operands, bytearray active)
@cython.locals(partials=Partials)
cdef dict _gather(Program result, Program program, bytearray active, int output, bint in_rows)
cpdef Program lower(Program program)
