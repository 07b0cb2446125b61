from .node cimport Node, leaf
cpdef double real(object number, str what=*) except? -1.0
cpdef Node as_value(object number, int code=*)
cdef double operand_of(object number, int code) except? -1.0
cdef Node operand(object number)
cdef Node _constant(object number)
cdef double _float(object number, str what=*) except? -1.0
