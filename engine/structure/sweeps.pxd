cimport cython
from .flatten cimport floats, ints
from libc.math cimport log as c_log, sqrt as c_sqrt

cdef int ADD, SUB, MUL, DIV, NEG, RELU, SUM
cdef double INF

cpdef tuple reverse(object graph)
cpdef tuple pulls(object graph)
cpdef double smallest_slope(object graph, object places) except? -1.0
@cython.locals(i=int)
cpdef object dependent(object graph, object indices)
@cython.locals(size=int, passes=bint)
cpdef list terms(object graph, object varying)
@cython.locals(size=int)
cpdef object summands(object graph)
cpdef tuple strongest(object graph)
@cython.locals(wild=bint, inherits=bint)
cpdef list origins(object graph)
cpdef bint all_small(object places, object numbers, double limit) except -1
cpdef list small(object places, object numbers, double limit)
cpdef double largest(object places, object numbers) except? -1.0
cpdef list cancelling(object places, object gradients, object squares, double limit)
@cython.locals(size=int, count=int)
cpdef object relu_operands(object graph, object places, object among)
cdef bint _is_margin(int i, int size, int *codes, int *starts, int *operands) noexcept
cpdef bint exceeds(object places, object numbers, double limit) except -1
