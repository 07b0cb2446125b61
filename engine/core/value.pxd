# C types for value.py; the C library's functions are IEEE's, as the table's are.
cimport cython
from libc.math cimport exp as c_exp, log as c_log, pow as c_pow, tanh as c_tanh

cdef extern from "arena.h":
    ctypedef struct PyObject
    ctypedef struct Arena
    ctypedef struct Node:  # a Value, for code that counts no references
        void *slab
        double grad, data, da, db
        Node *a
        Node *b
        PyObject *op
        PyObject *lists
        PyObject *label
        long long mark
    Arena *install(object blank) except NULL
    Value new_node(Arena *arena)
    bint push(Arena *arena, object value)
    bint push_node "push" (Arena *arena, void *node) noexcept
    PyObject *pop(Arena *arena)
    bint is_draining(Arena *arena)
    Py_hash_t identity_hash(object value) noexcept
    void fetch_node(void *place) noexcept

cdef extern from *:
    void *item "PyList_GET_ITEM" (list found, Py_ssize_t n) noexcept

cdef Arena *arena
cdef long _serial
cdef bint _strict
cdef object _watch


cdef class Value:
    cdef void *_slab  # the first as in arena.h: what every pass reads of an operand lies close together
    cdef public double _grad, _data
    cdef public str op
    cdef public Value _a, _b
    cdef public tuple _lists
    cdef public double _da, _db
    cdef public long long _mark
    cdef public str label
    cdef readonly long serial




@cython.locals(node=Value)
cdef Value _node(str op, double data, Value a, Value b, double da, double db=*, tuple lists=*)
cdef double _bell(double e)
@cython.locals(x=double, y=double)
cdef Value _row_unary(str name, Value a)
@cython.locals(x1=double, x2=double, y=double, da=double, db=double)
cdef Value _row_binary(str name, Value a, Value b)
@cython.locals(y=double)
cdef Value _divide(Value a, Value b)
@cython.locals(x=double, n=double)
cdef Value _power(Value a, Value b)
cdef Value _operand(object number)
cdef Value _constant(object number)
cdef double _compared(object other) except? -1.0
cdef double _look(Value value) except? -1.0
cpdef Value as_value(object number)
@cython.locals(size=cython.Py_ssize_t, i=cython.Py_ssize_t, operands=list, partials=list, total=double, w=Value, x=Value, b=Value)
cpdef Value dot(object weights, object inputs, object bias=*)
