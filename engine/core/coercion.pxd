from .node cimport Node, leaf
cpdef double real(object number) except? -1.0
cpdef Node as_value(object number)
cdef Node operand(object number)
cdef Node _constant(object number)
cdef double _float(object number) except? -1.0
