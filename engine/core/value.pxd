from .coercion cimport operand
from .generated cimport (
    ABS, ADD, COS, DIV, ERF, EXP, FLOORDIV, LEAKY_RELU, LOG, MOD, MUL, NEG, POS, POW, RELU, ROUND, SIGMOID, SIN, SOFTPLUS,
    SQRT, SUB, TANH,
)
from .node cimport Node, begin, compare, identity_hash, reading, set_grad
from .operations cimport binary, power, unary
from .properties cimport Properties

cdef class Value(Properties):
    pass
