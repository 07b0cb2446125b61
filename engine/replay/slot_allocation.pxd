from .program cimport Program
cdef int INPUT, PRODUCTS
cpdef int count(bytearray counts, int code, int operands)

cdef class Code:
    cdef int[::1] numbers
    cdef Py_ssize_t size
    cdef int put(self, int number) except -1
    cpdef object written(self)

cdef class Rows:
    cdef Program program
    cdef object plan
    cdef Code code
    cdef int[::1] fixed_index, row, last, made, free
    cdef bytearray varies, counted, together
    cdef double[::1] costs
    cdef int run, begun, rows, spare
    cdef double cost
    cpdef object write(self, int[::1] steps, list blocks)
    cdef object read(self, int[::1] steps, list blocks)
    cdef object write_one(self, int i, int n)
    cdef bint joins(self, int kind, int operand)
    cdef object write_block(self, object block, int n)
    cdef int take(self, int i)
    cdef object release(self, int k, int n)
    cdef object give_back(self, int row)
