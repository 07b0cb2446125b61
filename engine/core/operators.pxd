# C types for operators.py.
cimport cython
from .coercion cimport operand
from .node cimport Node, identity_hash, look, make, reading
from .operations cimport binary, divide, power, unary

cdef long long ABS, ADD, FLOORDIV, MOD, MUL, NEG, POS, POW, ROUND, SUB

@cython.no_gc
cdef class Operators(Node):
    pass
