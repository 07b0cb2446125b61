from .coercion cimport operand
from .condition cimport condition
from .generated cimport (
    ABS, ADD, COS, DIV, ERF, EXP, FLOORDIV, LEAKY_RELU, LESS, LESS_EQUAL, LOG, MOD, MUL, NEG, POS, POW, RELU, ROUND, SIGMOID,
    SIN, SOFTPLUS, SQRT, SUB, TANH,
)
from .node cimport Node, begin, identity_hash, reading, set_grad
from .operations cimport binary, power, unary
from .properties cimport Properties

cdef class Value(Properties):
    pass
