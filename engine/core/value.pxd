from .coercion cimport operand
from .condition cimport condition
from .node cimport Node, begin, identity_hash, reading, set_grad
from .operations cimport binary, power, unary
from .properties cimport Properties
cdef int ABS, ADD, COS, DIV, ERF, EXP, FLOORDIV, LEAKY_RELU, LESS, LESS_EQUAL, LOG, MOD, MUL, NEG, POS, POW, RELU
cdef int ROUND, SIGMOID, SIN, SOFTPLUS, SQRT, SUB, TANH

cdef class Value(Properties):
    pass
