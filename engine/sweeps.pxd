cimport cython
from .value cimport Value
from libc.math cimport exp as c_exp, sqrt as c_sqrt, tanh as c_tanh

@cython.locals(left="int[::1]", right="int[::1]", left_partials="double[::1]", right_partials="double[::1]",
               gradients="double[::1]", squares="double[::1]", i=int, a=int, b=int, gradient=double, square=double, slope=double)
cpdef tuple reverse(object graph)
@cython.locals(k=int, a=int, slope=double)
cdef object _spread_out(double gradient, double square, int[::1] places, list partials, double[::1] gradients, double[::1] squares)
@cython.locals(i=int)
cpdef list others(str op, list places, int[::1] left, int[::1] right, dict many, double[::1] data)
@cython.locals(total=double, size=int, k=int)
cdef double _dot(int[::1] places, double[::1] data)
cpdef list small(list places, double[::1] numbers, double limit)
@cython.locals(i=int, size=double, found=double)
cpdef double largest(list places, double[::1] numbers) except? -1.0
cpdef list cancelling(list places, double[::1] gradients, double[::1] squares, double limit)
@cython.locals(i=int, found="unsigned char[::1]")
cpdef list downstream(object places, int[::1] left, int[::1] right, dict many, int size)
@cython.locals(k=cython.Py_ssize_t)
cdef bint _any(int[::1] places, unsigned char[::1] found)
@cython.locals(i=int, found=int)
cpdef int smallest(list places, int[::1] numbers) except? -1
@cython.locals(numbers="double[::1]", node=Value, op=str, i=int, a=int, b=int)
cpdef object forward(list places, list nodes, int[::1] left, int[::1] right, object data, object again)
@cython.locals(node=Value, op=str, i=int, a=int, b=int, e=double)
cpdef list slopes(list places, list nodes, int[::1] left, int[::1] right, double[::1] data, double[::1] first, double[::1] second)
@cython.locals(left="int[::1]", right="int[::1]", left_partials="double[::1]", right_partials="double[::1]",
               up="double[::1]", down="double[::1]", i=int, j=int, slope=double)
cpdef tuple pulls(object graph)
cdef void _pull(int i, int j, double slope, double[::1] up, double[::1] down) noexcept
