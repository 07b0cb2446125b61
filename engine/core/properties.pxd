cimport cython
from .coercion cimport text
from .node cimport Node, look, reading, set_data, set_grad, set_label, setting, showing

@cython.no_gc
cdef class Properties(Node):
    pass
