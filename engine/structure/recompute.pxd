cimport cython
from ..core.generated cimport IN_C, MADE_FROM, operate_many, scratch
from .flatten cimport floats, ints

cdef int DOT, MUL
cdef double NAN

@cython.locals(found=list)
cpdef list others(object graph, double rounding=*)
cpdef object forward(object graph, object places, object data)
@cython.locals(x="double *")
cdef double again(int i, int *codes, int *starts, int *operands, double *data) except? -1.0
@cython.locals(x="double *", found=list)
cdef object _recompute_partials(int i, int *codes, int *starts, int *operands, double *data, double *partials)
@cython.locals(x="double *")
cdef double *_gathered(int k, int m, int *operands, double *data) except NULL
cdef double _magnitude(int i, int *starts, int *operands, double *partials, double *data) noexcept
cdef double _before(int i, int k, int *codes, int *starts, double *partials, double *data) noexcept
@cython.locals(i=int)
cpdef object cleared(object graph, list wrong, double rounding)
cpdef object slopes(object graph, object places, object data)
