# C types for value.py.
cimport cython
from .coercion cimport operand, text
from .generated cimport (
    ABS, ADD, COS, DIV, ERF, EXP, LEAKY_RELU, LOG, MUL, NEG, POS, POW, RELU, SIGMOID, SIN, SOFTPLUS, SQRT, SUB, TANH,
)
from .node cimport Node, begin, identity_hash, look, reading, setting, showing
from .operations cimport binary, power, unary


cdef class Value(Node):
    pass


@cython.locals(leaf=Node)
cpdef Node _leaf(double data, double grad, str label)
