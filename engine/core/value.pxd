# C types for value.py.
cimport cython
from .coercion cimport text
from .node cimport Node, begin, look, reading, setting, showing
from .operations cimport exp_node, log_node, relu_node, sigmoid_node, tanh_node, unary
from .operators cimport Operators

cdef long long COS, ERF, LEAKY_RELU, ROUND, SIN, SOFTPLUS, SQRT

cdef class Value(Operators):
    pass


@cython.locals(leaf=Node)
cpdef Node _leaf(double data, double grad, str label)
