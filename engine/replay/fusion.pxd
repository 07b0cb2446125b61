from .program cimport Program, Sums
cdef int ADD, CONSTANT, MUL, NEG, ONE, PRODUCTS, SUB
cdef class Fusion:
    cdef Program program, new
    cdef Sums sums
    cdef int[::1] uses, at
    cdef bytearray varies
    cdef int minus
    cdef object gather(self, int i)
    cdef int lead(self, int i, int terms, int step)
    cdef object add(self, int i, int index, int a, int b)
    cdef int settle(self, int k) except -1
cpdef Program fuse(Program program)
