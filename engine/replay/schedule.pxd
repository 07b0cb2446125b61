cimport cython
from .integers cimport Integers
from .passes cimport columns
from .program cimport Program

cdef int CONSTANT, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS

@cython.locals(i=int, size=int, place="int[::1]")
cdef tuple _places(Program program, unsigned char[::1] varies)

@cython.locals(code=Integers, counts="unsigned char[::1]", i=int, j=int, kind=int, first=int, last=int)
cdef object _fixed(Program program, unsigned char[::1] varies, int[::1] place, int size)

cpdef bint counted(int code)
cdef int _count(unsigned char[::1] counts, int code, int operands)

@cython.locals(steps=Integers, i=int, size=int, code=int, last=int, start=int, shared=tuple, codes="int[::1]")
cdef Integers _steps(Program program, unsigned char[::1] varies, int[::1] place, object plan, list blocks)

@cython.locals(n=int, a=int, b=int, start=int, end=int, args="int[::1]", weights="int[::1]")
cdef object _weights(Program program, int first, int last, unsigned char[::1] varies, int[::1] place)

@cython.locals(ready=Integers, waiting=Integers, found=Integers, n=int, begun=int)
cdef Integers _with_means(Program program, Integers steps, list blocks, object plan, int[::1] place)

@cython.locals(n=int, step=int, k=int, made="int[::1]")
cdef object _made(Program program, Integers steps, list blocks)

@cython.locals(varies="unsigned char[::1]", args=list, number=int, i=int, j=int, left=int, right=int, rights=dict, means=dict)
cdef tuple _factors(Program program, object plan, int[::1] place)

cdef class Rows:
    cdef Program program
    cdef object plan
    cdef int[::1] place, row, last, made
    cdef unsigned char[::1] varies, counted, together
    cdef double[::1] costs
    cdef Integers free, code
    cdef int run, begun, rows
    cdef double cost

    @cython.locals(program=Program, i=int, n=int, step=int)
    cpdef object write(self, Integers steps, list blocks)
    @cython.locals(program=Program, last="int[::1]", n=int, step=int, j=int, k=int)
    cdef object read(self, Integers steps, list blocks)
    @cython.locals(program=Program, code=Integers, kind=int, first=int, end=int, j=int)
    cdef object write_one(self, int i, int n)
    cdef bint joins(self, int kind, int operand)
    @cython.locals(k=int)
    cdef object write_block(self, object block, int n)
    cdef int take(self, int i)
    cdef object release(self, int k, int n)
