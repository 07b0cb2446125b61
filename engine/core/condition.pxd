cimport cython
from .node cimport Node, reading
@cython.no_gc  # a graph has no cycles
cdef class Condition:
    cdef readonly Node _node
@cython.locals(made=Condition)
cpdef Condition condition(Node node)
