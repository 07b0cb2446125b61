cimport cython
from .scratch cimport Numbers, ints

cdef int ADD, MUL

@cython.final
cdef class Known:
    cdef int[::1] codes, starts, args, slots
    cdef dict found

    cdef int taken
    @cython.locals(slot=int)
    cpdef int first(self, int i)
    @cython.locals(last=int, slot=int)
    cdef int slot(self, int i)
    @cython.locals(before="int[::1]", n=int)
    cdef object grow(self)
    @cython.locals(code=int, first=int, a=int, b=int, args="int[::1]")
    cdef tuple _key(self, int i)
    @cython.locals(code=int, first=int, last=int, a=int, b=int, found=cython.longlong, k=int)
    cdef long long hash(self, int i)
    @cython.locals(code=int, first=int, second=int, count=int, n=int)
    cdef bint alike(self, int i, int j)

cdef long long _mixed(long long found, long long number)

@cython.locals(found=dict, groups=list, group=Numbers, highest=int, name=int, n=int, counts="int[::1]", at="int[::1]",
               places="int *")
cpdef dict grouped(int[::1] names, int[::1] members)
