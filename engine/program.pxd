cimport cython

cpdef object integers(int size)

cdef class Program:
    cdef public int size
    cdef public int[::1] codes, starts, args
    cdef public list constants, outputs
    cdef public dict _known

    @cython.locals(at=int)
    cpdef int emit_many(self, int code, object args) except -1
    @cython.locals(i=int, at=int)
    cpdef int append(self, int code, int count) except -1
    @cython.locals(code=int, first=int, count=int, to=int, j=int, k=int)
    cpdef int carry(self, Program program, int i, int[::1] at) except -1
    cpdef int constant(self, double number) except -1
    @cython.locals(j=int)
    cpdef list operands(self, int i)
    @cython.locals(count=int, i=int, codes="int[::1]")
    cpdef int operations(self)
    @cython.locals(code=int, i=int, j=int, found="unsigned char[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
    cpdef object depends(self, int leaf)
    @cython.locals(i=int, j=int, k=int, count="int[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
    cpdef object uses(self)

cpdef int products(Program program, list pairs) except -1
