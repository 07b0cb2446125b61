# cython: cdivision=True
"""Arrays of C numbers for a moment. Their memory is kept to be used again: fresh pages cost more than filling them."""

cimport cython
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.string cimport memcpy, memset

cdef extern from *:
    const Py_ssize_t PY_SSIZE_T_MAX

MOST_KEPT = 1 << 25  # bytes kept: 32 MiB, what a diagnosis of 200,000 operations takes
cdef Py_ssize_t KEPT = MOST_KEPT
cdef Py_ssize_t kept = 0
cdef Block *spare[256]  # by rank


@cython.no_gc
cdef class Numbers:
    """So many ints ("i"), floats ("d") or addresses ("Q"), all 0.

    >>> numbers = Numbers("d", 3)
    >>> numbers[1] = 2.5
    >>> list(numbers), len(numbers), list(numbers.copy())
    ([0.0, 2.5, 0.0], 3, [0.0, 2.5, 0.0])
    """

    def __cinit__(self, str kind, Py_ssize_t size):
        self.format, self.item = kind.encode(), 4 if kind == "i" else 8
        self.begin(size)
        memset(self.start, 0, size * self.item)

    cdef int begin(self, Py_ssize_t size) except -1:
        cdef int rank = 0
        if not 0 <= size <= PY_SSIZE_T_MAX >> 4:
            raise MemoryError(f"no memory for an array of {size} numbers")
        while room(rank) < size * self.item:
            rank += 1
        self.start = take(rank)
        self.size, self.rank = size, rank  # only now: without memory, it stays what it was
        return 0

    cdef int resize(self, Py_ssize_t size) except -1:
        """Room for so many: what is beyond the old ones is any number."""
        cdef void *before = self.start
        cdef Py_ssize_t had = self.size
        cdef int rank = self.rank
        if size * self.item <= room(rank):
            self.size = size
            return 0
        self.begin(size)
        memcpy(self.start, before, had * self.item)
        give(before, rank)
        return 0

    def __dealloc__(self):
        if self.start:
            give(self.start, self.rank)

    def cut(self, Py_ssize_t size):
        """These without all but the first, so many."""
        if not 0 <= size <= self.size:
            raise IndexError(f"there are {self.size} numbers, and not {size}")
        self.size = size
        return self

    def copy(self):
        """The same numbers in memory of their own."""
        cdef Numbers found = Numbers(self.format.decode(), self.size)
        memcpy(found.start, self.start, self.size * self.item)
        return found

    def __len__(self):
        return self.size

    def __getitem__(self, Py_ssize_t i):
        self.check(i)
        return (<int *>self.start)[i] if self.item == 4 else (<double *>self.start)[i]

    def __setitem__(self, Py_ssize_t i, number):
        self.check(i)
        if self.item == 4:
            (<int *>self.start)[i] = number
        else:
            (<double *>self.start)[i] = number

    cdef int check(self, Py_ssize_t i) except -1:
        if not 0 <= i < self.size:
            raise IndexError(f"there are {self.size} numbers, and none is {i}")
        return 0

    def __getbuffer__(self, Py_buffer *view, int flags):
        view.buf, view.obj, view.len, view.itemsize = self.start, self, self.size * self.item, self.item
        view.format, view.ndim, view.readonly = self.format, 1, 0
        view.shape, view.strides, view.suboffsets, view.internal = &self.size, &self.item, NULL, NULL


def kept_bytes():
    """The memory that waits to be used again."""
    return kept


cdef inline Py_ssize_t room(int rank) noexcept:
    """The bytes of a block: 64, 80, 96, 112, 128, 160, ..., four sizes between two powers of 2."""
    return <Py_ssize_t>(4 + rank % 4) << (4 + rank // 4)


cdef void *take(int rank) except NULL:
    """A block of memory, a kept one if there is one."""
    global kept
    cdef Block *found = spare[rank]
    if found != NULL:
        spare[rank] = found.next
        kept -= room(rank)
        return found
    found = <Block *>PyMem_RawMalloc(room(rank))
    if found == NULL:
        raise MemoryError(f"no memory for an array of {room(rank)} bytes")
    return found


cdef void give(void *start, int rank) noexcept:
    """Keep a block, or free it if there are enough."""
    global kept
    cdef Block *block = <Block *>start
    if kept + room(rank) > KEPT:
        PyMem_RawFree(block)
        return
    block.next = spare[rank]
    spare[rank] = block
    kept += room(rank)
