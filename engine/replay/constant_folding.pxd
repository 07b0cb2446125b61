from .program cimport Program
cdef int ABS, ADD, CONSTANT, DIV, LESS, MEAN, MUL, NEG, ONE, POW, PRODUCTS, SELECT, SQRT, SUB, TIMES
cpdef Program fold_constants(Program program)
cdef int _computed(Program new, int code, list numbers) except -1
cdef int _simpler(Program new, int code, int a, int b)
cdef int _negated(Program new, int k)
cdef int _negative(Program new, int k)
cdef double _number(Program new, int k)
cdef int _simpler_mul(Program new, int a, int b)
