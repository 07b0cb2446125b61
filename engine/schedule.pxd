cimport cython
from .program cimport Program
from .passes cimport columns

@cython.locals(i=int, k=int, code=int, size=int, place="int[::1]", operands=list)
cdef tuple _fixed(Program program, unsigned char[::1] varies)

cdef int _count(int code, int operands)

@cython.locals(steps=list, i=int, k=int, size=int, code=int, last=int, start=int, shared=tuple, codes="int[::1]")
cdef list _steps(Program program, unsigned char[::1] varies, int[::1] place, object plan, list blocks)

@cython.locals(n=int, a=int, b=int, start=int, end=int, args="int[::1]", weights="int[::1]")
cdef object _weights(Program program, int first, int last, unsigned char[::1] varies, int[::1] place)

@cython.locals(made="int[::1]", n=int, k=int, ready=int, left=int, rights=dict, means=dict, shapes=dict, lefts=list, found=list)
cdef list _with_means(Program program, list steps, list blocks, object plan, int[::1] place)

@cython.locals(varies="unsigned char[::1]", args=list, number=int, i=int, j=int, left=int, right=int, rights=dict, means=dict)
cdef tuple _factors(Program program, object plan, int[::1] place)

cdef class Rows:
    cdef Program program
    cdef object plan
    cdef int[::1] place, row, last, made
    cdef unsigned char[::1] varies
    cdef list free, code
    cdef int run, begun, rows
    cdef double cost
    cdef list counted, costs

    @cython.locals(i=int, n=int, step=int)
    cpdef object write(self, list steps, list blocks)
    @cython.locals(n=int, step=int, j=int, k=int)
    cdef object read(self, list steps, list blocks)
    @cython.locals(kind=int, first=int, end=int, j=int, code=list)
    cdef object write_one(self, int i, int n)
    cdef bint joins(self, int kind, int operand)
    @cython.locals(k=int)
    cdef object write_block(self, object block, int n)
    cdef int take(self, int i)
    cdef object release(self, int k, int n)
