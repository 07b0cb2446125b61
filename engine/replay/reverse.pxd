cimport cython
from .integers cimport Integers
from .program cimport Program
from .sum_of_products cimport Sums

cdef int CONSTANT, INPUT, ONE, PRODUCTS

cdef class Fragment:
    cdef public bint is_list
    cdef public Program program, body
    cdef public int[::1] at, results

    @cython.locals(program=Program, body=Program, i=int, k=int, code=int)
    cpdef int write(self, int y, Integers operands) except -1
    cpdef int value(self, int n) except -1

cdef class Slopes:
    cdef public list fragments
    cdef public int[::1] starts, at

    @cython.locals(fragment=Fragment, g=int, first=int, last=int, k=int, n=int)
    cdef object write(self, int y, Integers operands, unsigned char[::1] active)

@cython.locals(sums=Sums, operands=Integers, slopes=Slopes, codes="int[::1]", starts="int[::1]", args="int[::1]", i=int,
               j=int, code=int, kinds=int, first=int, count=int, places=int, adjoint=int)
cdef dict _gather(Program result, Program program, unsigned char[::1] active, int output)

@cython.locals(new=Program, i=int, j=int, code=int, kinds=int, at="int[::1]", codes="int[::1]", starts="int[::1]",
               args="int[::1]", operands=Integers, fragment=Fragment, direct="unsigned char[::1]")
cpdef Program lower(Program program)
