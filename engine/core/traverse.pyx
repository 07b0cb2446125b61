# cython: boundscheck=False, wraparound=False
"""Graph traversal in C: the newest operation first, by the queue of arena.h.

Operands are created before results, so a node popped from the queue has its complete gradient.
"""

from cpython.array cimport array
from .node cimport Node, PyObject, arena, is_draining, pop, push
from ..table import CLOSED

cdef extern from *:
    bint PyGC_Disable() noexcept
    bint PyGC_Enable() noexcept


def order(Node output):
    """The operations that `output` came from, itself included, in the order of their creation."""
    cdef list found = []
    cdef PyObject *taken
    begin()
    try:
        push(arena, output)
        taken = pop(arena)
        while taken != NULL:
            found.append(<Node>taken)
            visit(<Node>taken, False)
            taken = pop(arena)
    finally:
        end()
    found.reverse()
    return found


def backward(Node output, double seed):
    """Set the gradient of every operation behind `output`, and add to every leaf's; `seed` is that of `output`."""
    cdef PyObject *taken
    begin()
    try:
        lead(output, seed, True)
        taken = pop(arena)
        while taken != NULL:
            visit(<Node>taken, True)
            taken = pop(arena)
    finally:
        end()


cdef bytearray is_closed = CLOSED  # by opcode, a bit an operand


cdef inline int visit(Node node, bint passing) except -1:
    """Queue the operands of an operation, or only those that a gradient passes to, with their shares of it."""
    cdef double grad = node._grad
    cdef double *partials
    cdef int closed = is_closed[node._code] if passing else 0
    cdef list operands
    cdef array numbers
    cdef Py_ssize_t i
    if node._a is not None:
        if not closed & 1:
            lead(node._a, grad * node._da, passing)
        if node._b is not None and not closed & 2:
            lead(node._b, grad * node._db, passing)
        return 0
    operands, numbers = node._lists
    partials = numbers.data.as_doubles
    for i in range(len(operands)):
        if not closed or partials[i] != 0.0 or not closed >> min(i, 7) & 1:
            lead(operands[i], grad * partials[i], passing)
    return 0


cdef inline void lead(Node x, double share, bint passing) noexcept:
    """Queue an operand, and add to its gradient, set to 0 when an operation is first queued."""
    if push(arena, x) and passing:
        x._grad = 0.0
    if passing:
        x._grad += share


cdef bint collects = False  # whether the cyclic collector is on outside of a search


cdef int begin() except -1:
    """Claim the queue, and stop the cyclic collector, which would free graphs through it."""
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
