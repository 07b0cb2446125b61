from .coercion cimport operand
from .node cimport Node, begin, compare, identity_hash, reading, set_grad
from .operations cimport binary, power, unary
from .properties cimport Properties
cdef int ABS, ADD, COS, DIV, ERF, EXP, FLOORDIV, LEAKY_RELU, LOG, MOD, MUL, NEG, POS, POW, RELU, ROUND, SIGMOID, SIN
cdef int SOFTPLUS, SQRT, SUB, TANH

cdef class Value(Properties):
    pass
