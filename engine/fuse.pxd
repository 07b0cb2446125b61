cimport cython
from .program cimport Program

cdef class Fusion:
    cdef Program program, new
    cdef int[::1] uses, at
    cdef unsigned char[::1] varies
    cdef list pending
    cdef int minus

    @cython.locals(code=int, lead=int, args=list)
    cdef list pairs(self, int i)
    @cython.locals(found=list, lead=int, n=int, a=int, b=int)
    cdef list joined(self, int i, list args)
    @cython.locals(n=int)
    cdef int lead(self, int i, list args)
    @cython.locals(found=list)
    cdef list taken(self, int k)
    @cython.locals(found=list)
    cdef list term(self, int k, int user)
    cdef list negative(self, int k, int user)
    @cython.locals(found=list)
    cdef int settle(self, int k) except -1

@cython.locals(fusion=Fusion, i=int, k=int, code=int, at="int[::1]", codes="int[::1]", pairs=list)
cpdef Program fuse(Program program)
