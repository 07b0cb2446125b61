cimport cython
from .passes cimport columns
from .program cimport Program

cdef int CONSTANT, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS

cdef object _fixed(Program program, bytearray varies, int[::1] place, int size)
cpdef bint counted(int code)
cdef int _count(bytearray counts, int code, int operands)
@cython.locals(steps="int[::1]", i=int, last=int, count=int, shared=tuple)
cdef object _steps(Program program, bytearray varies, int[::1] place, object plan, list blocks)
@cython.locals(weights="int[::1]")
cdef object _weights(Program program, int first, int last, bytearray varies, int[::1] place)
@cython.locals(made="int[::1]", k=int)
cdef object _made(Program program, int[::1] steps, list blocks)
@cython.locals(left=int, right=int)
cdef tuple _factors(Program program, object plan, int[::1] place)

cdef class Rows:
    cdef Program program
    cdef object plan
    cdef int[::1] place, row, last, made, code
    cdef bytearray varies, counted, together
    cdef double[::1] costs
    cdef list free
    cdef int run, begun, rows
    cdef Py_ssize_t size
    cdef double cost

    @cython.locals(i=int)
    cpdef object write(self, int[::1] steps, list blocks)
    @cython.locals(k=int)
    cdef object read(self, int[::1] steps, list blocks)
    cdef object write_one(self, int i, int n)
    cdef int put(self, int number) except -1
    cdef bint joins(self, int kind, int operand)
    @cython.locals(k=int)
    cdef object write_block(self, object block, int n)
    cdef int take(self, int i)
    cdef object release(self, int k, int n)
