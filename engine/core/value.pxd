# C types for value.py.
cimport cython
from .coercion cimport compared, operand
from .node cimport Node, begin, identity_hash, look, make
from .operations cimport binary, divide, exp_node, log_node, power, relu_node, sigmoid_node, tanh_node, unary

cdef long long ABS, ADD, COS, ERF, LEAKY_RELU, MUL, NEG, POW, SIN, SOFTPLUS, SQRT, SUB

cdef class Value(Node):
    pass
