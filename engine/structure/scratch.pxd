cdef struct Block:
    Block *next

cdef class Numbers:
    cdef void *start
    cdef readonly Py_ssize_t size, item
    cdef int rank
    cdef bytes format

    cdef int begin(self, Py_ssize_t size) except -1
    cdef int resize(self, Py_ssize_t size) except -1
    cdef int check(self, Py_ssize_t i) except -1

cdef inline int *ints(Numbers numbers) noexcept:
    return <int *>numbers.start

cdef inline double *floats(Numbers numbers) noexcept:
    return <double *>numbers.start

cdef void *take(int rank) except NULL
cdef void give(void *start, int rank) noexcept
