cimport cython
from .integers cimport Integers
from .program cimport Program

cdef class Sums:
    cdef public int[::1] count, first, last, left, right, next
    cdef public Integers pairs

    cpdef object add(self, int i, int place, int a, int b)
    cpdef object join(self, int i, int k)
    cdef object link(self, int i, int first, int last, int count)
    @cython.locals(pairs=Integers, place=int)
    cpdef int write(self, Program program, int i) except -1
