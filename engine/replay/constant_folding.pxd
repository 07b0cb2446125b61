from .program cimport Program
cdef int ABS, ADD, CONSTANT, DIV, LESS, MEAN, MUL, NEG, ONE, POW, PRODUCTS, SELECT, SQRT, SUB, TIMES
cpdef Program fold_constants(Program program)
