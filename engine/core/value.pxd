# C types for value.py.
cimport cython
from .coercion cimport compared, operand
from .generated cimport (
    ABS, ADD, COS, DIV, ERF, EXP, LEAKY_RELU, LOG, MUL, NEG, POW, RELU, SIGMOID, SIN, SOFTPLUS, SQRT, SUB, TANH,
)
from .node cimport Node, begin, identity_hash, look
from .operations cimport binary, power, unary


cdef class Value(Node):
    pass
