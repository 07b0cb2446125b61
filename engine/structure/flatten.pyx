# cython: boundscheck=False, wraparound=False
"""Flattens a graph in C: its nodes and edges into arrays."""

cimport cython
from cpython.array cimport array, clone, resize, zero
from cpython.ref cimport Py_REFCNT
from ..core.node cimport Node, arena, pop, push
from ..core.traverse cimport begin, end

cdef extern from *:
    void *item "PyList_GET_ITEM" (list found, Py_ssize_t n) noexcept

cdef extern from "arena.h":
    void prefetch "FETCH" (void *memory) noexcept

cdef long long last_mark = 0


def flatten(Node output, list wanted):
    """The fields of a FlattenedGraph: a traversal numbers the operations, a loop over edges resolves the operands.

    The mark of a node is its index from `first` on. No Python code runs meanwhile, so no other thread can use the queue
    or the marks.
    """
    global last_mark
    cdef Graph graph = Graph(output)
    graph.first = last_mark + 1
    last_mark += MARKS
    begin()
    try:
        graph.traverse(output)
        graph.number()
        if not graph.size:
            graph.leaf(<void *>output)
    finally:
        end()
    return graph.finished(wanted)


@cython.final
cdef class Graph:
    """The arrays of a flattened graph while they grow, pointers to their memory, and then the sequence of its nodes.

    The output holds every node, so they need no references of their own.
    """

    cdef Node output
    cdef array nodes_, codes_, data_, starts_, results_, operands_, partials_, inner_
    cdef void **nodes
    cdef int *codes
    cdef int *starts
    cdef int *results
    cdef double *data
    cdef double *partials
    cdef void **inner  # the operand of each edge
    cdef Py_ssize_t size, total, edges, room, room_edges, labelled  # size: operations, total: with the leaves
    cdef long long first

    def __init__(self, Node output):
        self.output, self.nodes_ = output, spare("q", last_size)
        self.inner_, self.partials_ = spare("q", last_edges), spare("d", last_edges)
        self.operands_, self.results_ = spare("i", last_edges), spare("i", last_edges)
        self.codes_, self.starts_ = spare("i", last_operations), spare("i", last_operations + 1)
        self.data_ = spare("d", last_size - 1)
        self.hold(last_size)
        self.hold_edges(last_edges)

    def __len__(self):
        return self.total

    def __getitem__(self, Py_ssize_t i):
        if not -self.total <= i < self.total:
            raise IndexError(f"the graph has {self.total} nodes, and no index {i}")
        return <Node>self.nodes[i if i >= 0 else i + self.total]

    cdef int hold(self, Py_ssize_t size) except -1:
        resize(self.nodes_, size)
        resize(self.codes_, size)
        resize(self.data_, size)
        resize(self.starts_, size)
        self.codes, self.data, self.starts = self.codes_.data.as_ints, self.data_.data.as_doubles, self.starts_.data.as_ints
        self.nodes, self.room = <void **>self.nodes_.data.as_voidptr, size
        return 0

    cdef int hold_edges(self, Py_ssize_t edges) except -1:
        resize(self.results_, edges)
        resize(self.inner_, edges)
        resize(self.partials_, edges)
        self.results, self.inner = self.results_.data.as_ints, <void **>self.inner_.data.as_voidptr
        self.partials, self.room_edges = self.partials_.data.as_doubles, edges
        return 0

    cdef int traverse(self, Node output) except -1:
        """Give each operation its index, and fill the arrays, but for the indices of operands."""
        cdef void *node
        cdef void *none = <void *>None
        cdef list operands
        cdef array partials
        cdef Py_ssize_t n
        push(arena, output)
        node = pop(arena)
        while node != NULL:
            self.enter(node)
            if <void *>(<Node>node)._a != none:
                self.lead(<void *>(<Node>node)._a, (<Node>node)._da)
                if <void *>(<Node>node)._b != none:
                    self.lead(<void *>(<Node>node)._b, (<Node>node)._db)
            else:
                operands, partials = (<Node>node)._lists
                if self.edges + len(operands) > self.room_edges:
                    self.hold_edges(2 * self.edges + len(operands) + 64)
                for n in range(len(operands)):
                    self.lead(item(operands, n), partials.data.as_doubles[n])
            node = pop(arena)
        return 0

    cdef inline int enter(self, void *node) except -1:
        cdef Py_ssize_t i = self.size
        if i + 1 >= self.room:
            self.hold(2 * i + 64)
        if self.edges + 2 > self.room_edges:
            self.hold_edges(2 * self.edges + 64)
        (<Node>node)._mark = self.first + i
        self.nodes[i], self.codes[i], self.starts[i] = node, (<Node>node)._code, self.edges
        self.data[i] = (<Node>node)._number
        self.labelled += <void *>(<Node>node)._label != <void *>NO_LABEL
        self.size = self.total = i + 1
        return 0

    cdef inline void lead(self, void *x, double partial) noexcept:
        """The next edge, from the last operation to one of its operands."""
        cdef Py_ssize_t k = self.edges
        push(arena, <Node>x)
        self.results[k], self.inner[k], self.partials[k] = self.size - 1, x, partial
        self.edges = k + 1

    cdef int number(self) except -1:
        """Fill in the index of each edge's operand; leaves get theirs after the operations."""
        cdef Py_ssize_t k, last = self.edges - 1
        cdef int *operands
        cdef void *x
        resize(self.operands_, self.edges)
        operands = self.operands_.data.as_ints
        for k in range(self.edges):
            prefetch(&(<Node>self.inner[min(k + AHEAD, last)])._mark)
            x = self.inner[k]
            if (<Node>x)._mark < self.first:
                self.leaf(x)
            operands[k] = (<Node>x)._mark - self.first
        return 0

    cdef int leaf(self, void *x) except -1:
        cdef Py_ssize_t i = self.total
        if i + 1 >= self.room:
            self.hold(2 * i + 64)
        (<Node>x)._mark = self.first + i
        self.nodes[i], self.data[i] = x, (<Node>x)._number
        self.total = i + 1
        return 0

    cdef tuple finished(self, list wanted):
        """The fields of a FlattenedGraph, with the indices of the Values wanted."""
        global last_operations, last_size, last_edges
        cdef Py_ssize_t n, size = self.size
        cdef Node x
        cdef array found = clone(INTS, len(wanted), len(wanted) > 0)
        last_operations, last_size, last_edges = size, self.total + 1, self.edges
        self.hold(last_size)
        self.hold_edges(last_edges)
        self.starts[size] = self.edges
        resize(self.codes_, size)
        resize(self.data_, self.total)
        resize(self.starts_, size + 1)
        for n, x in enumerate(wanted):
            found.data.as_ints[n] = x._mark - self.first if x._mark >= self.first else -1
        arrays = self.codes_, self.data_, self.starts_, self.results_, self.operands_, self.partials_
        if last_size + last_edges > MOST_KEPT:
            kept.clear()
        return self, *arrays, found, self.labelled > 0


def zeros(str kind, Py_ssize_t size):
    """An array of zeros; a large one takes the memory of an earlier one that is no longer used."""
    cdef array found
    if not LEAST_KEPT <= size <= MOST_KEPT:
        return clone(FLOATS if kind == "d" else INTS, size, size > 0)
    found = spare(kind, size)
    resize(found, size)
    zero(found)
    return found


cdef array spare(str kind, Py_ssize_t size):
    """A kept array of this size that nothing else refers to, or a new one, whose size is 0.

    Fresh memory pages cost more than filling them. Graphs of the same size, as in training, need the same arrays.
    """
    cdef array found
    cdef int code = ord(kind)
    for found in kept:
        if Py_REFCNT(found) == 2 and len(found) == size and found.ob_descr.typecode == code:  # kept, and here
            return found
    found = array(kind)
    if len(kept) == MOST_ARRAYS:
        del kept[0]
    kept.append(found)
    return found


cdef enum:
    AHEAD = 16  # edges ahead whose operands are prefetched
    MOST_ARRAYS = 64  # what a graph and its sweeps hold at a time
    MARKS = 0x7FFFFFFF  # as many as a graph has nodes at most

cdef str NO_LABEL = ""
cdef Py_ssize_t last_operations = 64, last_size = 64, last_edges = 64  # of the last graph: the next is likely as large
cdef array INTS = array("i"), FLOATS = array("d")
cdef list kept = []  # arrays of the last graphs, and of their sweeps
cdef Py_ssize_t LEAST_KEPT = 1 << 12, MOST_KEPT = 1 << 20  # numbers in an array that is kept
