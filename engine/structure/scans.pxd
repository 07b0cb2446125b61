from .flatten cimport floats, ints
from .value_numbering cimport ValueNumbers
cdef double SPLITTER
from libc.math cimport INFINITY as INF, sqrt as c_sqrt
cpdef object where(object numbers, int number)
cpdef object equals(object numbers, int number)
cpdef bint all_small(object indices, object numbers, double limit) except -1
cpdef list small(object indices, object numbers, double limit)
cpdef list cancelling(object indices, object gradients, object squares, double limit)
cpdef list different(object numbers, int count)
cpdef list with_argument(object graph, object indices, int code)
cpdef list using(object graph, object indices, int code)
cpdef object edges_to(int i, object last, object before)
cpdef tuple operands_of(int i, object graph)
