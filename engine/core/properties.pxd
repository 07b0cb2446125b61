cimport cython
from .node cimport Node, look, reading, set_data, set_grad, set_label, setting

@cython.no_gc
cdef class Properties(Node):
    pass
