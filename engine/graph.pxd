cimport cython
from .value cimport Value

cdef long long _last

cpdef long long marks(long long count=*)

@cython.locals(nodes=list, leaves=list, x=Value, first="long long", size=cython.Py_ssize_t)
cpdef object layout(Value output, object wanted=*)
@cython.locals(nodes=list, of=dict, data="double[::1]", left="int[::1]", right="int[::1]", many=dict, left_partials="double[::1]",
               right_partials="double[::1]", many_partials=dict, node=Value, a=Value, b=Value, op=str, operands=list, alike=list,
               leaf="long long", i=cython.Py_ssize_t)
cdef object _lay_out(object found, list leaves, long long first)
cdef object _enter(Value leaf, list leaves, long long first)
@cython.locals(x=Value, k=cython.Py_ssize_t, found="int[::1]")
cdef object _places(list operands, list leaves, long long first, long long leaf)
@cython.locals(x=Value, k=cython.Py_ssize_t, found="double[::1]")
cdef object _data(list leaves)
cpdef object integers(Py_ssize_t size)
cpdef object floats(Py_ssize_t size)
