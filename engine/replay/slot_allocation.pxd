cimport cython
from .program cimport Program
cdef int INPUT, PRODUCTS
cdef class Code:
    cdef public int[::1] numbers
    cdef public Py_ssize_t size
    cdef Py_ssize_t run
    cdef int kind, operands
    cdef bytearray counted
    cdef public bytearray together
    cdef bint begin(self, int kind, int operands, bint joins) except -1
    cdef int put(self, int number) except -1
    cpdef object written(self)
cdef class Rows:
    cdef Program program
    cdef object plan
    cdef Code code
    cdef int[::1] fixed_index, row, last, made
    cdef bytearray varies
    cdef double[::1] costs
    cdef int[::1] free
    cdef int begun, rows, spare
    cdef double cost
    @cython.locals(i=int)
    cpdef object write(self, int[::1] steps, list blocks)
    @cython.locals(k=int)
    cdef object read(self, int[::1] steps, list blocks)
    cdef object write_one(self, int i, int n)
    cdef bint joins(self, int kind, int operand) except -1
    @cython.locals(first=int, second=int, operand=int, k=int)
    cdef object write_pair(self, object block, int n)
    cdef int take(self, int i)
    cdef object drop(self, int i)
    cdef object give_back(self, int row)
    cdef object release(self, int k, int n)
