cimport cython
from ..core.generated cimport IN_C, scratch
from ..core.operations cimport compute
from .flatten cimport floats, ints
cdef int CHANGED, FIXED, DOT, MUL, WRONG, ROUNDED, ALONE, TOGETHER
cdef double NAN
cdef double recomputed(int i, int *codes, int *starts, int *operands, double *data) except? -1.0
cdef object _recompute_partials(int i, int *codes, int *starts, int *operands, double *data, double *partials)
cdef double *_gathered(int k, int m, int *operands, double *data) except NULL
@cython.locals(found=double)
cdef double _magnitude(int i, int *starts, int *operands, double *partials, double *data) noexcept
cdef double _before(int i, int k, int *codes, int *starts, double *partials, double *data) noexcept
cdef list _blamed(object graph, int i, object same, object parameters)
cpdef object confirmed(object graph, object wrong, object differing, object given, double rounding)
