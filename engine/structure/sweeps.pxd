# C types for sweeps.py.
cimport cython
from libc.math cimport log as c_log, sqrt as c_sqrt
from .scratch cimport floats, ints

cdef int ADD, SUB, MUL, DIV, NEG, RELU, SUM
cdef double INF

@cython.locals(results="int *", operands="int *", partials="double *", gradients="double *", squares="double *",
               k=cython.Py_ssize_t, i=int, j=int, slope=double)
cpdef tuple reverse(object graph)
@cython.locals(results="int *", operands="int *", partials="double *", up="double *", down="double *",
               k=cython.Py_ssize_t, i=int, j=int, slope=double)
cpdef tuple pulls(object graph)
@cython.locals(starts="int *", partials="double *", wanted="int *", n=int, slope=double, found=double)
cpdef double smallest_slope(object graph, object places) except? -1.0
@cython.locals(codes="int *", starts="int *", operands="int *", reached="int *", size=int, i=int, k=int, code=int, inner=int,
               is_sum=bint, is_product=bint)
cpdef object summands(object graph)
@cython.locals(results="int *", operands="int *", partials="double *", sizes="double *", towards="int *",
               k=cython.Py_ssize_t, i=int, j=int, slope=double, size=double)
cpdef tuple strongest(object graph)
@cython.locals(starts="int *", operands="int *", data="double *", partials="double *", i=int, k=int, wild=bint, inherits=bint)
cpdef list origins(object graph)
@cython.locals(wanted="int *", sizes="double *", n=int)
cpdef bint all_small(object places, object numbers, double limit) except -1
@cython.locals(wanted="int *", sizes="double *", n=int)
cpdef list small(object places, object numbers, double limit)
@cython.locals(wanted="int *", sizes="double *", n=int, size=double, found=double)
cpdef double largest(object places, object numbers) except? -1.0
@cython.locals(wanted="int *", sizes="double *", spreads="double *", found=list, n=int, i=int)
cpdef list cancelling(object places, object gradients, object squares, double limit)
@cython.locals(wanted="int *", among="int *", n=int, found=int)
cpdef int smallest(object places, object numbers) except? -1
@cython.locals(codes="int *", starts="int *", operands="int *", size=int, wanted="int *", terms="int *", count=int, inner="int *",
               n=int, i=int, z=int)
cpdef object relu_operands(object graph, object places, object among)
cdef bint _is_margin(int i, int size, int *codes, int *starts, int *operands) noexcept
@cython.locals(wanted="int *", sizes="double *", n=int)
cpdef bint exceeds(object places, object numbers, double limit) except -1
@cython.locals(wanted="int *", met="int *", n=int, number=int)
cpdef set kinds(object numbers, int count)
@cython.locals(among="int *", places="int *", size=int, count=int, i=int)
cpdef object where(object numbers, int number)
@cython.locals(among="int *", wanted="int *", numbers_there="int *", n=int)
cpdef object taken(object numbers, object places)
cpdef object arguments(object graph, object places)
