# cython: boundscheck=False, wraparound=False
"""The way back through a graph in C: newest operation first, by the queue of arena.h.

In order of creation operands stand before results, so a node that is taken has its whole gradient.
"""

cimport cython
from ..structure.scratch cimport Numbers, floats, ints
from .value cimport Arena, Node, PyObject, Value, arena, is_draining, item, pop, push, push_node

cdef extern from *:
    bint PyGC_Disable() noexcept
    bint PyGC_Enable() noexcept


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


cdef bint collects = False  # whether the cyclic collector is on outside of a search


cdef int _begin() except -1:
    """Take the queue: a graph that the cyclic collector frees meanwhile would take it too."""
    global collects
    if is_draining(arena):
        raise RuntimeError("no graph can be searched while one is being freed: not in a __del__")
    collects = PyGC_Disable()
    return 0


cdef void _end() noexcept:
    """Leave the queue empty, whatever was raised."""
    while pop(arena) != NULL:
        pass
    if collects:
        PyGC_Enable()


cdef class Nodes:
    """Values by place, kept alive by the output that they led to."""

    cdef Value output
    cdef Numbers places

    def __init__(self, Value output):
        self.output, self.places = output, Numbers("Q", 0)

    def __len__(self):
        return self.places.size

    def __getitem__(self, Py_ssize_t i):
        if not 0 <= i < self.places.size:
            raise IndexError(f"there are {self.places.size} places, and none is {i}")
        return <Value>(<PyObject **>self.places.start)[i]


def layout(Value output, list wanted, marks, dict codes):
    """What graph.py lays out, in one pass, with the marks from `marks()` on.

    While an operation waits in the queue its mark is the last edge that leads to it, and each such edge has the one
    before: their operand is known when it is taken. The edge to the n-th leaf has ~n until all operations are known.
    No code of Python runs meanwhile: the queue is the only one, and another thread might want it.
    """
    cdef Graph graph = Graph(output, codes)
    cdef Node *node = <Node *>output
    cdef PyObject *none = <PyObject *>None
    cdef list operands, partials
    cdef Py_ssize_t k
    graph.first = marks()  # now that nothing else is made, whose finalizer could search too
    _begin()
    try:
        node.mark = graph.first + NO_EDGE
        if not push(arena, output):
            graph.leaf(node)
        node = <Node *>pop(arena)
        while node != NULL:
            graph.enter(node)
            if <PyObject *>node.a != none:
                graph.lead(node.a, node.da)
                if <PyObject *>node.b != none:
                    graph.lead(node.b, node.db)
            else:
                operands, partials = <tuple>node.lists
                for k in range(len(operands)):
                    graph.lead(<Node *>item(operands, k), partials[k])
            node = <Node *>pop(arena)
    finally:
        _end()
    return graph.finished(wanted)


@cython.final
cdef class Graph:
    """The arrays of a layout while they grow, and where they are in memory: so many operations, edges and leaves."""

    cdef Nodes nodes
    cdef tuple by_node, by_edge
    cdef Numbers by_leaf
    cdef Node **places
    cdef Node **leaves
    cdef int *codes
    cdef int *starts
    cdef int *results
    cdef int *operands
    cdef double *data
    cdef double *partials
    cdef Py_ssize_t size, edges, met, room, room_edges, labelled
    cdef long long first
    cdef dict code_of
    cdef PyObject *names[64]  # the last name of each hash
    cdef int numbers[64]

    def __init__(self, output, codes):
        self.nodes, self.code_of = Nodes(output), codes
        self.by_node = self.nodes.places, Numbers("i", 0), Numbers("d", 0), Numbers("i", 0)
        self.by_edge, self.by_leaf = (Numbers("i", 0), Numbers("i", 0), Numbers("d", 0)), Numbers("Q", 0)
        self.hold(last_size)
        self.hold_edges(last_edges)

    cdef int hold(self, Py_ssize_t size) except -1:
        cdef Numbers places, codes, data, starts, part
        for part in self.by_node:
            part.resize(size)
        places, codes, data, starts = self.by_node
        self.places, self.codes, self.data, self.starts = <Node **>places.start, ints(codes), floats(data), ints(starts)
        self.room = size
        return 0

    cdef int hold_edges(self, Py_ssize_t edges) except -1:
        cdef Numbers results, operands, partials, part
        for part in self.by_edge:
            part.resize(edges)
        results, operands, partials = self.by_edge
        self.results, self.operands, self.partials = ints(results), ints(operands), floats(partials)
        self.room_edges = edges
        return 0

    cdef inline int enter(self, Node *node) except -1:
        """An operation gets the next place, and the edges that wait for it get that."""
        cdef Py_ssize_t i = self.size, k = node.mark - self.first, before
        if i == self.room:
            self.hold(2 * i + 64)
        while k != NO_EDGE:
            before = self.operands[k]
            self.operands[k] = i
            k = before
        node.mark = self.first + i
        self.places[i] = node
        self.codes[i] = self.code(node.op)
        self.starts[i] = self.edges
        self.data[i] = node.data
        self.labelled += node.label != <PyObject *>NO_LABEL
        self.size = i + 1
        return 0

    cdef inline int lead(self, Node *x, double slope) except -1:
        """The next edge, from the last operation to one of its operands."""
        cdef Py_ssize_t k = self.edges
        if k == self.room_edges:
            self.hold_edges(2 * k + 64)
        self.edges = k + 1
        self.results[k] = self.size - 1
        self.partials[k] = slope
        if x.slab == NULL:
            self.operands[k] = ~self.leaf(x)
            return 0
        self.operands[k] = NO_EDGE if push_node(arena, x) else x.mark - self.first
        x.mark = self.first + k
        return 0

    cdef inline int leaf(self, Node *x) except -1:
        """The number of a leaf, the next one if it is new."""
        if x.mark < self.first:
            x.mark = self.first + self.met
            if self.met == self.by_leaf.size:
                self.by_leaf.resize(2 * self.met + 64)
                self.leaves = <Node **>self.by_leaf.start
            self.leaves[self.met] = x
            self.met += 1
        return x.mark - self.first

    cdef inline int code(self, PyObject *name) except -1:
        cdef size_t slot = (<size_t>name >> 4) & 63
        if self.names[slot] != name:
            self.names[slot], self.numbers[slot] = name, self.code_of[<str>name]
        return self.numbers[slot]

    cdef tuple finished(self, list wanted):
        """The arrays with the leaves at the end, and the places of those wanted."""
        global last_size, last_edges
        cdef Py_ssize_t size = self.size, k
        cdef Numbers places, codes, data, starts
        cdef Value x
        self.hold(size + max(1, self.met))
        self.hold_edges(self.edges)
        for k in range(self.met):
            self.places[size + k], self.data[size + k] = self.leaves[k], self.leaves[k].data
        for k in range(self.edges):
            self.operands[k] = self.operands[k] if self.operands[k] >= 0 else size + ~self.operands[k]
        self.starts[size] = self.edges
        places, codes, data, starts = self.by_node
        places.size, codes.size, data.size, starts.size = size + self.met, size, size + self.met, size + 1
        last_size, last_edges = places.size, self.edges
        wanted_places = {}
        for x in wanted:
            if x._mark >= self.first:
                wanted_places[x] = x._mark - self.first + (0 if x._slab else size)
        return self.nodes, codes, data, starts, *self.by_edge, wanted_places, self.labelled > 0


cdef enum:
    NO_EDGE = -1

cdef str NO_LABEL = ""
cdef Py_ssize_t last_size = 64, last_edges = 64  # of the last layout: the next is likely about as large
