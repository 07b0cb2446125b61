cimport cython
from .passes cimport columns
from .program cimport Program

cdef int CONSTANT, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS

@cython.locals(code=Code)
cdef object _fixed(Program program, bytearray varies, int[::1] place, int size)
cpdef bint counted(int code)
@cython.locals(steps="int[::1]", partner="int[::1]", i=int, last=int, count=int, step=int, shared=tuple)
cdef object _steps(Program program, bytearray varies, int[::1] place, object plan, list blocks)
cdef object _partners(Program program, bytearray varies)
@cython.locals(weights="int[::1]", rows=int, columns=int)
cdef object _weights(Program program, int first, int last, bytearray varies, int[::1] place)
@cython.locals(made="int[::1]", k=int)
cdef object _made(Program program, int[::1] steps, list blocks)
@cython.locals(left=int, right=int)
cdef tuple _factors(Program program, object plan, int[::1] place)

cdef class Code:
    cdef public int[::1] numbers
    cdef public Py_ssize_t size
    cdef Py_ssize_t run
    cdef int kind, operands
    cdef bytearray counted
    cdef public bytearray together

    cdef bint begin(self, int kind, int operands, bint joins) except -1
    cdef int put(self, int number) except -1

cdef class Rows:
    cdef Program program
    cdef object plan
    cdef Code code
    cdef int[::1] place, row, last, made
    cdef bytearray varies
    cdef double[::1] costs
    cdef list free
    cdef int begun, rows
    cdef double cost

    @cython.locals(i=int)
    cpdef object write(self, int[::1] steps, list blocks)
    @cython.locals(k=int)
    cdef object read(self, int[::1] steps, list blocks)
    cdef object write_one(self, int i, int n)
    cdef bint joins(self, int kind, int operand) except -1
    @cython.locals(first=int, second=int, operand=int, k=int)
    cdef object write_pair(self, object block, int n)
    @cython.locals(k=int)
    cdef object write_product(self, object block, int n)
    cdef int take(self, int i)
    cdef object drop(self, int i)
    cdef object release(self, int k, int n)
