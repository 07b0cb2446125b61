# cython: boundscheck=False, wraparound=False
"""Flattens a graph in C: its nodes and edges into arrays."""

cimport cython
from ..core.node cimport Node, PyObject, Slots, arena, item, pop, push, push_slots
from ..core.traverse cimport begin, end
from .scratch cimport Numbers, floats, ints

cdef long long last_mark = 0


def flatten(Node output, list wanted):
    """The fields of a FlattenedGraph, from one traversal.

    Edges to a queued node form a linked list through `operands`, headed by its mark, and are patched when the node
    gets its index. Edges to the n-th leaf hold LEAF - n until the number of operations is known. No Python code runs
    meanwhile, so no other thread can use the queue.
    """
    global last_mark
    cdef Graph graph = Graph(output)
    cdef Slots *node = <Slots *>output
    cdef PyObject *none = <PyObject *>None
    cdef list operands, partials
    cdef Py_ssize_t k
    graph.first = last_mark + 1
    last_mark += MARKS
    begin()
    try:
        node.mark = graph.first + NO_EDGE
        if not push(arena, output):
            graph.leaf(node)
        node = <Slots *>pop(arena)
        while node != NULL:
            graph.enter(node)
            if <PyObject *>node.a != none:
                graph.lead(node.a, node.da)
                if <PyObject *>node.b != none:
                    graph.lead(node.b, node.db)
            else:
                operands, partials = <tuple>node.lists
                for k in range(len(operands)):
                    graph.lead(<Slots *>item(operands, k), partials[k])
            node = <Slots *>pop(arena)
    finally:
        end()
    return graph.finished(wanted)


cdef class Nodes:
    """Values by index, kept alive by the output that they led to."""

    cdef Node output
    cdef Numbers slots

    def __init__(self, Node output):
        self.output, self.slots = output, Numbers("Q", 0)

    def __len__(self):
        return self.slots.size

    def __getitem__(self, Py_ssize_t i):
        if not 0 <= i < self.slots.size:
            raise IndexError(f"there are {self.slots.size} nodes, and none is {i}")
        return <Node>(<PyObject **>self.slots.start)[i]


@cython.final
cdef class Graph:
    """The arrays of a flattened graph while they grow, and pointers to their memory."""

    cdef Nodes nodes
    cdef tuple by_node, by_edge
    cdef Numbers by_leaf
    cdef Slots **places
    cdef Slots **leaves
    cdef int *codes
    cdef int *starts
    cdef int *results
    cdef int *operands
    cdef double *data
    cdef double *partials
    cdef Py_ssize_t size, edges, met, room, room_edges, labelled
    cdef long long first

    def __init__(self, output):
        self.nodes = Nodes(output)
        self.by_node = self.nodes.slots, Numbers("i", 0), Numbers("d", 0), Numbers("i", 0)
        self.by_edge, self.by_leaf = (Numbers("i", 0), Numbers("i", 0), Numbers("d", 0)), Numbers("Q", 0)
        self.hold(last_size)
        self.hold_edges(last_edges)

    cdef int hold(self, Py_ssize_t size) except -1:
        cdef Numbers places, codes, data, starts, part
        for part in self.by_node:
            part.resize(size)
        places, codes, data, starts = self.by_node
        self.places, self.codes, self.data, self.starts = <Slots **>places.start, ints(codes), floats(data), ints(starts)
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

    cdef inline int enter(self, Slots *node) except -1:
        """Give an operation the next index, and that to the edges that wait for it."""
        cdef Py_ssize_t i = self.size, k = node.mark - self.first, before
        if i == self.room:
            self.hold(2 * i + 64)
        while k != NO_EDGE:
            before = self.operands[k]
            self.operands[k] = i
            k = before
        node.mark = self.first + i
        self.places[i] = node
        self.codes[i] = node.code
        self.starts[i] = self.edges
        self.data[i] = node.data
        self.labelled += node.label != <PyObject *>NO_LABEL
        self.size = i + 1
        return 0

    cdef inline int lead(self, Slots *x, double slope) except -1:
        """The next edge, from the last operation to one of its operands."""
        cdef Py_ssize_t k = self.edges
        if k == self.room_edges:
            self.hold_edges(2 * k + 64)
        self.edges = k + 1
        self.results[k] = self.size - 1
        self.partials[k] = slope
        if x.slab == NULL:
            self.operands[k] = LEAF - self.leaf(x)
            return 0
        self.operands[k] = NO_EDGE if push_slots(arena, x) else x.mark - self.first
        x.mark = self.first + k
        return 0

    cdef inline int leaf(self, Slots *x) except -1:
        """The number of a leaf, the next one if it is new."""
        if x.mark < self.first:
            x.mark = self.first + self.met
            if self.met == self.by_leaf.size:
                self.by_leaf.resize(2 * self.met + 64)
                self.leaves = <Slots **>self.by_leaf.start
            self.leaves[self.met] = x
            self.met += 1
        return x.mark - self.first

    cdef tuple finished(self, list wanted):
        """The arrays with the leaves at the end, and the indices of the Values wanted."""
        global last_size, last_edges
        cdef Py_ssize_t size = self.size, k
        cdef Numbers places, codes, data, starts
        cdef Node x
        self.hold(size + max(1, self.met))
        self.hold_edges(self.edges)
        for k in range(self.met):
            self.places[size + k], self.data[size + k] = self.leaves[k], self.leaves[k].data
        for k in range(self.edges):
            self.operands[k] = self.operands[k] if self.operands[k] >= 0 else size + LEAF - self.operands[k]
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
    LEAF = -2  # the edge to the first leaf
    MARKS = 0x7FFFFFFF  # as many as a graph has nodes or edges at most

cdef str NO_LABEL = ""
cdef Py_ssize_t last_size = 64, last_edges = 64  # of the last graph: the next is likely about as large
