cimport cython
from .program cimport Program
from .sum_of_products cimport Sums

cdef int ADD, CONSTANT, MUL, NEG, ONE, PRODUCTS, SUB

cdef class Fusion:
    cdef Program program, new
    cdef Sums sums
    cdef int[::1] uses, at
    cdef unsigned char[::1] varies
    cdef int minus

    @cython.locals(program=Program, code=int, first=int, step=int, terms=int, lead=int, n=int, place=int)
    cdef object gather(self, int i)
    @cython.locals(program=Program, n=int, place=int, k=int, bare=bint)
    cdef int lead(self, int i, int terms, int step)
    @cython.locals(k=int)
    cdef object add(self, int i, int place, int a, int b)
    cdef bint varying(self, int place)
    @cython.locals(a=int, b=int)
    cdef object subtract(self, int i, int place, int k)
    cdef int settle(self, int k) except -1

@cython.locals(fusion=Fusion, new=Program, i=int, j=int, code=int, at="int[::1]", uses="int[::1]", codes="int[::1]",
               starts="int[::1]", args="int[::1]")
cpdef Program fuse(Program program)
