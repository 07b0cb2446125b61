# C types for recompute.py.
cimport cython
from ..core.generated cimport IN_C, MADE_FROM, operate_many, scratch
from .scratch cimport floats, ints

cdef int DOT, MUL
cdef double NAN

@cython.locals(codes="int *", starts="int *", operands="int *", partials="double *", data="double *", found=list, i=int,
               now=double, held=double)
cpdef list others(object graph, double rounding=*)
@cython.locals(codes="int *", starts="int *", operands="int *", numbers="double *", wanted="int *", n=int, i=int)
cpdef object forward(object graph, object places, object data)
@cython.locals(k=int, m=int, x="double *")
cdef double again(int i, int *codes, int *starts, int *operands, double *data) except? -1.0
@cython.locals(k=int, m=int, n=int, x="double *", found=list)
cdef object _recompute_partials(int i, int *codes, int *starts, int *operands, double *data, double *partials)
@cython.locals(n=int, x="double *")
cdef double *_gathered(int k, int m, int *operands, double *data) except NULL
@cython.locals(found=double, k=int)
cdef double _magnitude(int i, int *starts, int *operands, double *partials, double *data) noexcept
@cython.locals(codes="int *", starts="int *", operands="int *", partials="double *", data="double *", same="int *",
               known="int *", size=int, wrong=list, found=dict, i=int, j=int, k=int, leaves=int, news=int, inherits=bint, was=double)
cpdef dict changed(object graph, double rounding)
@cython.locals(first=int, last=int, half=int, n=int, products=double)
cdef double _before(int i, int k, int *codes, int *starts, double *partials, double *data) noexcept
@cython.locals(codes="int *", starts="int *", operands="int *", partials="double *", data="double *",
               wrongs="int *", same="int *", i=int, j=int, k=int, limit=double)
cpdef object cleared(object graph, list wrong, double rounding)
@cython.locals(codes="int *", starts="int *", operands="int *", partials="double *", numbers="double *",
               wanted="int *", n=int, i=int)
cpdef object slopes(object graph, object places, object data)
@cython.locals(starts="int *", operands="int *", reached="int *", depending="int *", i=int, k=int, count=int)
cpdef object downstream(object graph, object places)
