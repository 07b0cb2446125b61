from .coercion cimport operand
from .condition cimport condition
from .generated cimport *
from .node cimport Node, begin, identity_hash, reading, set_grad
from .operations cimport binary, power, unary
from .properties cimport Properties
