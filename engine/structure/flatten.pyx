# cython: boundscheck=False, wraparound=False
"""Flattens a graph in C: its nodes and edges into arrays."""

cimport cython
from cpython.array cimport array, resize
from cpython.ref cimport Py_REFCNT
from ..core.node cimport Node, PyObject, Slots, arena, item, pop, push, push_slots
from ..core.traverse cimport begin, end

cdef long long last_mark = 0


def flatten(Node output, list wanted):
    """The fields of a FlattenedGraph, from one traversal.

    Edges to a queued node form a linked list through `operands`, headed by its mark, and are patched when the node
    gets its index. Edges to the n-th leaf hold LEAF - n until the number of operations is known. No Python code runs
    meanwhile, so no other thread can use the queue.
    """
    global last_mark
    cdef Graph graph = Graph()
    cdef Slots *node = <Slots *>output
    cdef PyObject *none = <PyObject *>None
    cdef list operands
    cdef array partials
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
                    graph.lead(<Slots *>item(operands, k), partials.data.as_doubles[k])
            node = <Slots *>pop(arena)
    finally:
        end()
    return graph.finished(wanted)


@cython.final
cdef class Graph:
    """The arrays of a flattened graph while they grow, and pointers to their memory."""

    cdef list nodes, leaves
    cdef array codes_, data_, starts_, results_, operands_, partials_
    cdef int *codes
    cdef int *starts
    cdef int *results
    cdef int *operands
    cdef double *data
    cdef double *partials
    cdef Py_ssize_t size, edges, room, room_edges, labelled
    cdef long long first

    def __init__(self):
        self.nodes, self.leaves = [], []
        self.partials_, self.operands_, self.results_ = spare("d"), spare("i"), spare("i")
        self.starts_, self.data_, self.codes_ = spare("i"), spare("d"), spare("i")
        self.hold(last_size)
        self.hold_edges(last_edges)

    cdef int hold(self, Py_ssize_t size) except -1:
        resize(self.codes_, size)
        resize(self.data_, size)
        resize(self.starts_, size)
        self.codes, self.data, self.starts = self.codes_.data.as_ints, self.data_.data.as_doubles, self.starts_.data.as_ints
        self.room = size
        return 0

    cdef int hold_edges(self, Py_ssize_t edges) except -1:
        resize(self.results_, edges)
        resize(self.operands_, edges)
        resize(self.partials_, edges)
        self.results, self.operands = self.results_.data.as_ints, self.operands_.data.as_ints
        self.partials, self.room_edges = self.partials_.data.as_doubles, edges
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
        self.nodes.append(<object><PyObject *>node)
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

    cdef inline Py_ssize_t leaf(self, Slots *x) except -1:
        """The number of a leaf, the next one if it is new."""
        if x.mark < self.first:
            x.mark = self.first + len(self.leaves)
            self.leaves.append(<object><PyObject *>x)
        return x.mark - self.first

    cdef tuple finished(self, list wanted):
        """The arrays with the leaves at the end, and the indices of the Values wanted."""
        global last_size, last_edges
        cdef Py_ssize_t size = self.size, k
        cdef Node x
        last_size, last_edges = size + len(self.leaves) + 1, self.edges
        self.hold(last_size)
        self.hold_edges(last_edges)
        for k in range(len(self.leaves)):
            self.data[size + k] = (<Slots *>item(self.leaves, k)).data
        for k in range(self.edges):
            self.operands[k] = self.operands[k] if self.operands[k] >= 0 else size + LEAF - self.operands[k]
        self.starts[size] = self.edges
        resize(self.codes_, size)
        resize(self.data_, size + len(self.leaves))
        resize(self.starts_, size + 1)
        index_of = {}
        for x in wanted:
            if x._mark >= self.first:
                index_of[x] = x._mark - self.first + (0 if x._slab else size)
        arrays = self.codes_, self.data_, self.starts_, self.results_, self.operands_, self.partials_
        last[:] = arrays if last_size + last_edges <= MOST_KEPT else ()
        return self.nodes + self.leaves, *arrays, index_of, self.labelled > 0


cdef array spare(str kind):
    """An array of the last graph that nobody has any more, or a new one: fresh pages cost more than filling them."""
    cdef array found = last.pop() if last else None
    return found if found is not None and Py_REFCNT(found) == 1 else array(kind)


cdef enum:
    NO_EDGE = -1
    LEAF = -2  # the edge to the first leaf
    MARKS = 0x7FFFFFFF  # as many as a graph has nodes or edges at most

cdef str NO_LABEL = ""
cdef list last = []  # the arrays of the last graph
cdef Py_ssize_t MOST_KEPT = 1 << 20  # nodes and edges whose arrays are kept, 20 MB
cdef Py_ssize_t last_size = 64, last_edges = 64  # of the last graph: the next is likely about as large
