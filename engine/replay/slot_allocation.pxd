from .program cimport Program
cdef int INPUT, PRODUCTS, RELEASED, UNREAD
cpdef object code_of_fixed(Program program, int[::1] wanted, int[::1] fixed_index)
cdef class Code:
    cdef public int[::1] numbers
    cdef int size, run, kind, operands
    cdef public bytearray counted, together
    cdef bint begin(self, int kind, int operands, bint joins) except -1
    cdef int put(self, int number) except -1
cdef class Rows:
    cdef Program program
    cdef Code code
    cdef int[::1] fixed_index, row, last, made, free
    cdef bytearray varies
    cdef double[::1] costs
    cdef int begun, rows, spare
    cdef double cost
    cpdef object write(self, object plan, int[::1] steps, list blocks)
    cdef object read(self, list outputs, int[::1] steps, list blocks)
    cdef object write_one(self, int i, int n)
    cdef bint joins(self, int kind, int operand) except -1
    cdef int take(self, int i)
    cdef object release(self, int k, int n)
