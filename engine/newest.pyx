# cython: boundscheck=False, wraparound=False
"""The way back through a graph in C: newest operation first, by the queue of arena.h.

In order of creation operands stand before results, so a node that is taken has its whole gradient.
"""

from .value cimport Arena, PyObject, Value, arena, is_draining, pop, push


def order(Value output):
    """The operations that `output` came from, itself included, in the order of their creation."""
    cdef list found = [], operands
    cdef Value node, x
    cdef PyObject *taken
    _begin()
    try:
        push(arena, output)
        taken = pop(arena)
        while taken != NULL:
            node = <Value>taken
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
        _end()
    found.reverse()
    return found


def backward(Value output):
    """Set the gradient of every operation behind `output`, and add to that of every leaf."""
    cdef Value node
    cdef PyObject *taken
    cdef list operands, partials
    cdef Py_ssize_t i
    _begin()
    try:
        _receive(output, 1.0)
        taken = pop(arena)
        while taken != NULL:
            node = <Value>taken
            if node._a is not None:
                _receive(node._a, node._grad * node._da)
                if node._b is not None:
                    _receive(node._b, node._grad * node._db)
            else:
                operands, partials = node._lists
                for i in range(len(operands)):
                    _receive(operands[i], node._grad * <double>partials[i])
            taken = pop(arena)
    finally:
        _end()


cdef inline void _receive(Value x, double share) noexcept:
    """Add to a gradient, which the first share of an operation finds at 0."""
    if push(arena, x):
        x._grad = 0.0
    x._grad += share


cdef int _begin() except -1:
    if is_draining(arena):  # which uses the queue
        raise RuntimeError("no graph can be searched while one is being freed: not in a __del__")
    return 0


cdef void _end() noexcept:
    """Leave the queue empty, whatever was raised."""
    while pop(arena) != NULL:
        pass
