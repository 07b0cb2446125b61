cimport cython
from .integers cimport Integers
from .program cimport Program
from ..core.value cimport Value, fetch_node, item

cdef int AHEAD
cdef long long MOST

cdef inline void fetch(list nodes, Py_ssize_t n) noexcept:
    cdef Py_ssize_t count = len(nodes)
    if n + 2 * AHEAD < count:
        fetch_node(item(nodes, n + 2 * AHEAD))
    if n + AHEAD < count:
        fetch_node(<void *>(<Value>item(nodes, n + AHEAD))._a)
        fetch_node(<void *>(<Value>item(nodes, n + AHEAD))._b)

cdef class Tracer:
    cdef public Program program
    cdef public list parameters
    cdef dict inputs, leaves
    cdef long newest
    cdef long long zero
    cdef Integers operands
    cdef list names
    cdef int[::1] codes

    @cython.locals(program=Program, a=Value, b=Value, value=Value, code=int, place=int)
    cdef object write(self, Value node)
    @cython.locals(slot=int)
    cdef int code(self, str name) except -1
    @cython.locals(place="long long")
    cpdef int find(self, Value value) except -1
    cdef int leaf(self, Value value) except -1

@cython.locals(nodes=list, n=cython.Py_ssize_t, tracer=Tracer)
cpdef tuple trace(Value output, dict inputs, long newest)
