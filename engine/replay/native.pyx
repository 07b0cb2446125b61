# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Runs a schedule with compiled kernels, on blocks of examples, without the GIL and on several threads."""

import os

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from ..core.generated cimport MADE_FROM
from ..core.value cimport Value

from ..core import check

cdef extern from "native.h":
    void choose_kernels()
    void run_block(const int *, const int *, double *, const double *, double *, long, long) nogil
    void add_lanes(double *, const double *, long) nogil
    void run_one(const int *, const int *, double *, const double *, double *) nogil
    void together(void *(*)(void *) noexcept nogil, void *, long) nogil
    long next_number(long *) nogil
    double *aligned(size_t)

check(MADE_FROM)
choose_kernels()
cdef long LANES = 8  # at most in a vector
cdef long CACHE = 1 << 20  # bytes that the rows of a block may take
cdef long PARTS = 32  # at most, as is the number of threads
cdef double PART_WORK = 2.5e5  # nanoseconds that are worth a part of its own,
cdef double CELL_WORK = 100.0  # and for each of its cells

threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


cdef struct Column:
    char *data
    Py_ssize_t step


cdef struct Call:  # what its threads share: each has rows and lanes of its own, each part its sums
    const int *code
    const int *end
    const int *fill_at
    const int *fill_row
    const int *input_row
    const int *output_row
    long fills, inputs, outputs, row_count, cell_count
    Column *columns  # of the inputs, then of the outputs
    double *fixed
    double *totals
    double *rows
    double *lanes
    double *sums
    long batch, stride, parts, threads, threads_begun, parts_begun


cdef class Memory:
    """A call, and what it writes to: two calls at once have two."""

    cdef Call call

    def __cinit__(self, Native native, long stride, long parts, long threads):
        cdef Call *call = &self.call
        cdef long fixed = native.fixed.shape[0]
        call.columns = <Column *> calloc(native.input_row.shape[0] + native.output_row.shape[0] + 1, sizeof(Column))
        call.fixed, call.totals = aligned(fixed), aligned(native.mean_at.shape[0])
        call.rows, call.lanes = aligned(native.rows * stride * threads), aligned(native.cells * LANES * threads)
        call.sums = aligned(native.cells * parts)
        if not (call.columns and call.fixed and call.totals and call.rows and call.lanes and call.sums):
            raise MemoryError("there is not enough memory for the rows of a recorded program")
        call.code, call.end = start(native.code), start(native.code) + native.code.shape[0]
        call.fill_at, call.fill_row, call.fills = start(native.fill_at), start(native.fill_row), native.fill_at.shape[0]
        call.input_row, call.inputs = start(native.input_row), native.input_row.shape[0]
        call.output_row, call.outputs = start(native.output_row), native.output_row.shape[0]
        call.row_count, call.cell_count = native.rows, native.cells
        call.stride, call.parts, call.threads = stride, parts, threads
        if fixed:
            memcpy(call.fixed, &native.fixed[0], fixed * sizeof(double))

    cdef bint suits(self, long stride, long parts, long threads) noexcept:
        return self.call.stride == stride and self.call.parts == parts and self.call.threads == threads

    def __dealloc__(self):
        free(self.call.columns)
        free(self.call.fixed)
        free(self.call.totals)
        free(self.call.rows)
        free(self.call.lanes)
        free(self.call.sums)


cdef const int *start(int[::1] numbers) noexcept:
    return &numbers[0] if numbers.shape[0] else NULL


cdef class Native:
    """See execute.executor."""

    cdef int[::1] code, fixed_code, packed, cell_of, at, fill_at, fill_row, input_row, output_row, mean_at, parameter
    cdef int[::1] input_argument, input_column, output_argument, output_column
    cdef double[::1] fixed
    cdef long rows, cells
    cdef double cost
    cdef Memory spare  # of the last call, for the next one; None while a call has it

    def __cinit__(self, plan, columns, targets):
        from array import array

        self.code, self.fixed_code, self.packed, self.cell_of = plan.code, plan.fixed_code, plan.packed, plan.cells
        self.fixed = plan.fixed
        self.parameter, self.at = array("i", [k for k, _ in plan.parameters]), array("i", [k for _, k in plan.parameters])
        self.fill_at, self.fill_row = array("i", [k for k, _ in plan.fills]), array("i", [k for _, k in plan.fills])
        self.input_row = array("i", [row for _, row in plan.inputs])
        self.input_argument = array("i", [columns[k][0] for k, _ in plan.inputs])
        self.input_column = array("i", [columns[k][1] for k, _ in plan.inputs])
        self.output_argument = array("i", [which for which, _ in targets])
        self.output_column = array("i", [column for _, column in targets])
        self.output_row, self.mean_at = array("i", plan.outputs), array("i", plan.means)
        self.rows, self.cells, self.cost = plan.rows, len(plan.cells), plan.cost

    def run(self, list arguments, list parameters, list results):
        cdef Memory memory = self._memory(len(arguments[0]))
        cdef Call *call = &memory.call
        cdef Py_ssize_t k
        buffers = [Buffer(x, False) for x in arguments]
        for k in range(call.inputs):
            (<Buffer> buffers[self.input_argument[k]]).column(self.input_column[k], &call.columns[k])
        targets = [Buffer(x, True) for x in results]
        for k in range(call.outputs):
            (<Buffer> targets[self.output_argument[k]]).column(self.output_column[k], &call.columns[call.inputs + k])
        self._fix(call.fixed, parameters)
        with nogil:
            together(work, call, call.threads)
        mean = self._means(call, parameters)
        self.spare = memory
        return mean

    cdef Memory _memory(self, long batch):
        """Memory for a call that no other has."""
        cdef long stride = self._stride(batch), parts = self._parts(batch, stride), count = min(<long> threads, parts)
        cdef Memory memory = self.spare
        self.spare = None
        if memory is None or not memory.suits(stride, parts, count):
            memory = Memory(self, stride, parts, count)
        memory.call.batch = batch
        memory.call.threads_begun = memory.call.parts_begun = 0
        return memory

    cdef long _stride(self, long batch) noexcept:
        """Examples in a block: 64, fewer for a small batch, and for a long program whose rows outgrow the cache."""
        cdef long stride = 64
        if batch == 1:
            return 1
        while stride > 16 and self.rows * stride * 8 > CACHE:
            stride //= 2
        while stride > 8 and stride >= 2 * batch:
            stride //= 2
        return stride

    cdef long _parts(self, long batch, long stride) noexcept:
        """Into how many parts a batch is cut, whose sums are added in order: any number of threads gives the same."""
        cdef long parts = 1
        cdef double work = max(PART_WORK, CELL_WORK * self.cells)
        while parts < PARTS and 2 * parts * stride <= batch and 2 * parts * work <= self.cost * batch:
            parts *= 2
        return parts

    cdef _fix(self, double *fixed, list parameters):
        """What depends on parameters alone."""
        cdef Py_ssize_t k, first = self.fixed.shape[0] - self.packed.shape[0]
        for k in range(self.at.shape[0]):
            fixed[self.at[k]] = (<Value> parameters[self.parameter[k]])._data
        run_one(start(self.fixed_code), start(self.fixed_code) + self.fixed_code.shape[0], fixed, NULL, NULL)
        for k in range(self.packed.shape[0]):
            fixed[first + k] = fixed[self.packed[k]]

    cdef double _means(self, Call *call, list parameters) except *:
        """The mean of the outputs; those of the derivatives are added to the parameters' gradients."""
        cdef Py_ssize_t k, part, count = self.mean_at.shape[0]
        cdef double *totals = call.totals
        cdef double *sums = call.sums
        if not count:
            return 0.0
        memset(totals, 0, count * sizeof(double))
        for part in range(call.parts):
            for k in range(self.cells):
                totals[self.cell_of[k]] += sums[k]
            sums += self.cells
        for k in range(count):
            totals[k] = call.fixed[self.mean_at[k]] + totals[k] / call.batch
        for k in range(1, count):
            (<Value> parameters[k - 1])._grad += totals[k]
        return totals[0]


cdef void *work(void *shared) noexcept nogil:
    """What each thread of a call does: one part after the other, of those that no thread has begun."""
    cdef Call *call = <Call *> shared
    cdef long thread = next_number(&call.threads_begun), blocks = (call.batch + call.stride - 1) // call.stride, part, i, k
    cdef double *rows = call.rows + thread * call.row_count * call.stride
    for i in range(call.fills):
        for k in range(call.stride):
            rows[call.fill_row[i] * call.stride + k] = call.fixed[call.fill_at[i]]
    while True:
        part = next_number(&call.parts_begun)
        if part >= call.parts:
            return NULL
        run_part(call, rows, call.lanes + thread * call.cell_count * LANES, call.sums + part * call.cell_count,
                 blocks * part // call.parts, blocks * (part + 1) // call.parts)


cdef void run_part(Call *call, double *rows, double *lanes, double *sums, long first, long last) noexcept nogil:
    """The blocks from first to before last, and the sums over them of every cell."""
    cdef long stride = call.stride, block, begin, n
    if stride == 1:
        lanes = sums
    memset(lanes, 0, call.cell_count * (1 if stride == 1 else LANES) * sizeof(double))
    for block in range(first, last):
        begin = block * stride
        n = min(stride, call.batch - begin)
        read(call, rows, begin, n)
        if stride == 1:
            run_one(call.code, call.end, rows, call.fixed, lanes)
        else:
            run_block(call.code, call.end, rows, call.fixed, lanes, stride, n)
        write(call, rows, begin, n)
    if stride > 1:
        add_lanes(sums, lanes, call.cell_count)


cdef inline void read(Call *call, double *rows, long begin, long n) noexcept nogil:
    """The inputs of n examples; the last of them stands for those that a block has room for besides."""
    cdef long i, k
    cdef double *row
    cdef char *data
    cdef Py_ssize_t step
    for i in range(call.inputs):
        row, step = rows + call.input_row[i] * call.stride, call.columns[i].step
        data = call.columns[i].data + begin * step
        for k in range(n):
            row[k] = (<double *> (data + k * step))[0]
        for k in range(n, call.stride):
            row[k] = row[n - 1]


cdef inline void write(Call *call, double *rows, long begin, long n) noexcept nogil:
    cdef long i, k
    cdef double *row
    cdef char *data
    cdef Py_ssize_t step
    cdef Column *columns = call.columns + call.inputs
    for i in range(call.outputs):
        row, step = rows + call.output_row[i] * call.stride, columns[i].step
        data = columns[i].data + begin * step
        for k in range(n):
            (<double *> (data + k * step))[0] = row[k]


cdef class Buffer:
    """The memory of an array of shape (B,) or (B, n)."""

    cdef Py_buffer view

    def __cinit__(self, array, bint writable):
        PyObject_GetBuffer(array, &self.view, PyBUF_FORMAT | PyBUF_STRIDES | (PyBUF_WRITABLE if writable else 0))

    def __dealloc__(self):
        PyBuffer_Release(&self.view)

    cdef void column(self, long k, Column *found) noexcept:
        found.data = <char *> self.view.buf + (k * self.view.strides[1] if self.view.ndim == 2 else 0)
        found.step = self.view.strides[0]
