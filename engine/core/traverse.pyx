# cython: boundscheck=False, wraparound=False
"""Graph traversal in C: the newest operation first, by the queue of arena.h.

In order of creation operands stand before results, so a node that is taken has its whole gradient.
"""

from cpython.array cimport array
from .generated cimport DETACH, SELECT
from .node cimport Node, PyObject, arena, is_draining, pop, push

cdef extern from *:
    bint PyGC_Disable() noexcept
    bint PyGC_Enable() noexcept


def order(Node output):
    """The operations that `output` came from, itself included, in the order of their creation."""
    cdef list found = [], operands
    cdef Node node, x
    cdef PyObject *taken
    begin()
    try:
        push(arena, output)
        taken = pop(arena)
        while taken != NULL:
            node = <Node>taken
            found.append(node)
            if node._a is not None:
                push(arena, node._a)
                if node._b is not None:
                    push(arena, node._b)
            else:
                operands = node._lists[0]
                for x in operands:
                    push(arena, x)
            taken = pop(arena)
    finally:
        end()
    found.reverse()
    return found


def backward(Node output, double seed):
    """Set the gradient of every operation behind `output`, and add to that of every leaf; `seed` is its own."""
    cdef Node node
    cdef PyObject *taken
    cdef list operands
    cdef array partials
    cdef Py_ssize_t i
    begin()
    try:
        _receive(output, seed)
        taken = pop(arena)
        while taken != NULL:
            node = <Node>taken
            if node._code == DETACH:
                pass
            elif node._a is not None:
                _receive(node._a, node._grad * node._da)
                if node._b is not None:
                    _receive(node._b, node._grad * node._db)
            else:
                operands, partials = node._lists
                for i in range(len(operands)):
                    if node._code == SELECT and partials.data.as_doubles[i] == 0.0:
                        continue  # the branch that is not taken
                    _receive(operands[i], node._grad * partials.data.as_doubles[i])
            taken = pop(arena)
    finally:
        end()


cdef inline void _receive(Node x, double share) noexcept:
    """Add to a gradient, which the first share of an operation finds at 0."""
    if push(arena, x):
        x._grad = 0.0
    x._grad += share


cdef bint collects = False  # whether the cyclic collector is on outside of a search


cdef int begin() except -1:
    """Take the queue: a graph that the cyclic collector frees meanwhile would take it too."""
    global collects
    if is_draining(arena):
        raise RuntimeError("no graph can be searched while one is being freed: not in a __del__")
    collects = PyGC_Disable()
    return 0


cdef void end() noexcept:
    """Leave the queue empty, whatever was raised."""
    while pop(arena) != NULL:
        pass
    if collects:
        PyGC_Enable()
