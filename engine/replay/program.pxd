cdef int ADD, CONSTANT, INPUT, MEAN, MUL, ONE, PRODUCTS, SELECT, SUB
cdef bytearray CLOSED
cdef class Program:
    cdef public int size
    cdef public int[::1] codes, starts, args
    cdef public list constants, outputs
    cdef public dict _known
    cpdef Program fresh(self)
    cpdef int[::1] indices(self)
    cpdef int emit_many(self, int code, object args) except -1
    cpdef int emit_two(self, int code, int a, int b) except -1
    cpdef int append(self, int code, int count) except -1
    cpdef int carry(self, Program program, int i, int[::1] at) except -1
    cpdef int constant(self, double number) except -1
    cpdef list operands(self, int i)
    cpdef bint holds(self, int i, double number) except? True
    cpdef bytearray depends(self, int leaf, bint differentiably=*)
cdef class Sums:
    cdef public int[::1] count, first, last, left, right, next
    cpdef object add(self, int i, int index, int a, int b)
    cpdef object join(self, int i, int k)
    cdef object link(self, int i, int first, int last, int count)
    cpdef int write(self, Program program, int i) except -1
cpdef int products(Program program, list pairs) except -1
cdef int simplified(Program program) except -1
