from .node cimport Node, look, reading, set_data, set_grad, set_label, setting
cdef class Properties(Node): pass
