cimport cython
from .value cimport Value

cdef int COMPUTED, GIVEN, NONE

cdef class Forms:
    cdef public object layout, at
    cdef public dict sums
    cdef public list parameters, keys, made, multiplying, ends
    cdef public int first_sum

    @cython.locals(known=dict, codes=dict, node=Value, code="long long", first="long long", second="long long", i=int, a=int, form=int)
    cdef object _read(self, int[::1] at, int[::1] left, int[::1] right, dict many, list nodes)
    cdef object _form(self, str op, tuple operands)
    cdef tuple _terms(self, str op, tuple operands)
    @cython.locals(keys=list, k=int, size=int, multiplies=bint)
    cdef tuple _products(self, tuple operands)
    cdef tuple _product(self, int a, int b)
    cdef tuple _scaled(self, int a, int b)
    cdef tuple _own(self, int form)
    cdef bint _is_parameter(self, int form)
    cdef bint _is_sum(self, int form)
    @cython.locals(i=int, a=int, j=int, seen="unsigned char[::1]")
    cdef object _collect(self, dict found, int[::1] left, int[::1] right, int[::1] at)
    @cython.locals(i=int, a=int, first=int, second=int, stage=int)
    cdef object _count(self, int[::1] stages, int[::1] left, int[::1] right, dict many, int[::1] at)

@cython.locals(k=cython.Py_ssize_t)
cdef tuple _forms(int[::1] places, int[::1] at)
@cython.locals(k=cython.Py_ssize_t, found=int)
cdef int _highest(int[::1] places, int[::1] stages)
