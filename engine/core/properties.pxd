# C types for properties.py.
cimport cython
from .coercion cimport text
from .node cimport Node, look, reading, setting, showing

@cython.no_gc
cdef class Properties(Node):
    pass
