from cpython.array cimport array
from .flatten cimport floats, ints
from libc.math cimport log as c_log
cdef int ADD, SUB, MUL, DIV, NEG, RELU, SELECT, SUM
cdef bytearray CLOSED
cdef double INF
cdef bint _is_margin(int i, int size, int *codes, int *starts, int *operands) noexcept
cdef bint _is_closed(int code, int slot) except -1
cdef int CACHED, LEAST, MOST
cdef inline double *columns(array numbers, int count) noexcept:  # columns.py has these four for NumPy
    return numbers.data.as_doubles
cdef inline void put(double *rows, int i, int n, double number, int count) noexcept:
    rows[<Py_ssize_t>i * count + n] = number
cdef inline void pass_back(double *rows, int i, int j, double partial, int count) noexcept:
    cdef double *a = rows + <Py_ssize_t>i * count
    cdef double *b = rows + <Py_ssize_t>j * count
    for n in range(count):
        b[n] += a[n] * partial
cdef inline bint pass_changed(double *rows, int i, int j, double *partials, int k, bint is_closed, int count) noexcept:
    cdef double *a = rows + <Py_ssize_t>i * count
    cdef double *b = rows + <Py_ssize_t>j * count
    cdef double *own = partials + <Py_ssize_t>k * count
    cdef bint passes = False
    for n in range(count):
        if own[n] != 0.0 or not is_closed:
            b[n] += a[n] * own[n]
            passes = True
    return passes
cdef bint _are_finite(object numbers) except -1
cdef list _reverse_together(object graph, object changes)
