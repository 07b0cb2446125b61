cimport cython
from .integers cimport Integers

cdef int ADD, CONSTANT, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS, SUB

cdef class Program:
    cdef public int size
    cdef public int[::1] codes, starts, args
    cdef public list constants, outputs
    cdef public dict _known

    @cython.locals(at=int)
    cpdef int emit_many(self, int code, object args) except -1
    cpdef Program fresh(self)
    @cython.locals(at=int)
    cpdef int emit_one(self, int code, int a) except -1
    @cython.locals(at=int)
    cpdef int emit_two(self, int code, int a, int b) except -1
    @cython.locals(at=int, n=int)
    cpdef int emit_all(self, int code, Integers args) except -1
    @cython.locals(i=int, at=int)
    cpdef int append(self, int code, int count) except -1
    @cython.locals(code=int, first=int, count=int, to=int, j=int, k=int)
    cpdef int carry(self, Program program, int i, int[::1] at) except -1
    cpdef int constant(self, double number) except -1
    @cython.locals(j=int)
    cpdef list operands(self, int i)
    cpdef bint holds(self, int i, double number) except? True
    @cython.locals(count=int, i=int, codes="int[::1]")
    cpdef int operations(self)
    @cython.locals(code=int, i=int, j=int, found="unsigned char[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
    cpdef object depends(self, int leaf)
    @cython.locals(i=int, j=int, k=int, count="int[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
    cpdef object uses(self)

@cython.locals(a=int, b=int, c=int, d=int)
cpdef int products(Program program, Integers pairs) except -1
