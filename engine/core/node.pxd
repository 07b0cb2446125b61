cimport cython
cdef extern from "arena.h":
    ctypedef struct PyObject
    ctypedef struct Arena
    Arena *kind "install" (object blank) except NULL
    Node new_node(Arena *arena, long long code, double data, object a, object b, double da, double db, object lists, str label)
    Node new_leaf(Arena *arena, double data, str label)
    bint push(Arena *arena, object node) noexcept
    PyObject *pop(Arena *arena)
    bint is_draining(Arena *arena)
    Py_hash_t identity_hash(object node) noexcept
    long next_serial() noexcept
cdef Arena *arena
cdef object held
cdef long *active  # the count of modes.py
@cython.no_gc  # nor are its subclasses
cdef class Node:
    cdef void *_slab  # what every pass reads of an operand lies close together; arena.h gets this order from here
    cdef readonly double _grad, _number
    cdef readonly long long _code
    cdef readonly Node _a, _b
    cdef readonly tuple _lists
    cdef readonly double _da, _db
    cdef readonly long long _mark
    cdef readonly str _label
    cdef readonly long serial
cdef inline void set_data(Node node, double number) noexcept: node._number = number
cdef inline void set_grad(Node node, double number) noexcept: node._grad = number
cdef inline void set_label(Node node, str label) noexcept: node._label = label
cdef object told(Node node)
cdef inline Node make(long long code, double data, Node a, Node b, double da, double db=0.0, tuple lists=None):
    cdef Node node = new_node(arena, code, data, a, b, da, db, lists, "")
    if data - data or active[0]:
        told(node)
    return node
cdef object begin(Node node, double data, str label)
cpdef Node leaf(double data)
cdef double look(Node node) except? -1.0
cpdef reading(Node node, str what)
cdef setting(Node node, str what)
