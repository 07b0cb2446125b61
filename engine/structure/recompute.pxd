cimport cython
from .flatten cimport floats, ints
from libc.math cimport exp as c_exp, log as c_log, tanh as c_tanh

cdef int ADD, SUB, MUL, DIV, POW, NEG, EXP, LOG, TANH, SIGMOID, RELU, SUM, DOT
cdef double NAN

@cython.locals(found=list)
cpdef list others(object graph, double rounding=*)
cpdef object forward(object graph, object places, object numbers)
cdef double again(int i, int *codes, int *starts, int *operands, double *data) except? -1.0
cdef double _magnitude(int i, int *starts, int *operands, double *partials, double *data) noexcept
cdef double _before(int i, int k, int *codes, int *starts, double *partials, double *data) noexcept
@cython.locals(i=int)
cpdef object cleared(object graph, list wrong, double rounding)
cdef double _row(str op, list numbers) except? -1.0
cpdef object slopes(object graph, object places, object numbers)
@cython.locals(i=int, count=int)
cpdef object downstream(object graph, object places)
