# C types for value.py.
cimport cython
from .coercion cimport operand, text
from .node cimport Node, begin, identity_hash, look, make, reading, setting, showing
from .operations cimport binary, divide, exp_node, log_node, power, relu_node, sigmoid_node, tanh_node, unary

cdef long long ABS, ADD, COS, ERF, LEAKY_RELU, MUL, NEG, POS, POW, SIN, SOFTPLUS, SQRT, SUB

cdef class Value(Node):
    pass


@cython.locals(leaf=Node)
cpdef Node _leaf(double data, double grad, str label)
