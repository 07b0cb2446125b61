# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Runs a schedule with compiled kernels, on blocks of examples, without the GIL and on several threads."""

import os

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from ..core.generated cimport MADE_FROM
from ..core.node cimport Node

from ..core import check

cdef extern from "native.h":
    ctypedef struct Column:
        char *data
        long step
    ctypedef void (*runner)(const int *, const int *, double *, const double *, double *, double *, long, long) noexcept nogil
    ctypedef struct Kernels:
        runner run
        void (*add_lanes)(double *, const double *, long) noexcept nogil
        void (*load)(const Column *, const int *, long, double *, long, long, long) noexcept nogil
    Kernels kernels
    const char *use_kernels(const char *)
    void run_one(const int *, const int *, double *, const double *, double *) nogil
    void together(void *(*)(void *) noexcept nogil, void *, long) nogil
    long next_number(long *) nogil
    double *aligned(size_t)
    void prefetch(const void *) noexcept

check(MADE_FROM)
use_kernels(b"")
cdef long LANES = 8  # of the widest vector
cdef long AHEAD = 48  # prefetch distance, in parameters
cdef long CACHE = 1 << 20  # bytes that the rows of a block may take
cdef long PARTS = 32  # the most parts, and so threads
cdef double PART_WORK = 2.5e5  # least nanoseconds of work in a part: this,
cdef double CELL_WORK = 40.0  # or this for each of its cells,
cdef double INNER_WORK = 100.0  # plus this for a cell of an inner product, which has a number for each lane

threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def instruction_set(str name=""):
    """Compute with the fastest instruction set that this processor has, or with the one named: plain, avx2 or avx512.

    Returns its name, which is another one if this processor does not have it.
    """
    wanted = name.encode()
    return use_kernels(wanted).decode()


cdef struct Call:  # shared by its threads; rows and lanes are per thread, sums per part
    const int *code
    const int *end
    const int *fill_at
    const int *fill_row
    const int *input_row
    const int *output_row
    long fills, inputs, outputs, row_count, cell_count, inner_count
    Column *columns  # of the inputs, then of the outputs
    double *fixed
    double *totals
    double *rows
    double *lanes
    double *sums
    Kernels kernels
    long batch, stride, parts, threads, threads_begun, parts_begun


cdef class Memory:
    """A call and its buffers; concurrent calls have one each."""

    cdef Call call

    def __cinit__(self, Native native, long stride, long parts, long threads):
        cdef Call *call = &self.call
        cdef long fixed = native.fixed.shape[0], inner = native.inner if stride > 1 else 0  # one example has no lanes
        call.columns = <Column *> calloc(native.input_row.shape[0] + native.output_row.shape[0] + 1, sizeof(Column))
        call.fixed, call.totals = aligned(fixed), aligned(native.mean_at.shape[0])
        call.rows, call.lanes = aligned(native.rows * stride * threads), aligned(inner * LANES * threads)
        call.sums = aligned(native.cells * parts)
        if not (call.columns and call.fixed and call.totals and call.rows and call.lanes and call.sums):
            raise MemoryError("there is not enough memory for the rows of a recorded program")
        call.code, call.end = start(native.code), start(native.code) + native.code.shape[0]
        call.fill_at, call.fill_row, call.fills = start(native.fill_at), start(native.fill_row), native.fill_at.shape[0]
        call.input_row, call.inputs = start(native.input_row), native.input_row.shape[0]
        call.output_row, call.outputs = start(native.output_row), native.output_row.shape[0]
        call.row_count, call.cell_count, call.inner_count = native.rows, native.cells, inner
        call.kernels, call.stride, call.parts, call.threads = native.kernels, stride, parts, threads
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
    """See numpy_executor.executor."""

    cdef int[::1] code, fixed_code, packed, cell_of, at, fill_at, fill_row, input_row, output_row, mean_at, parameter
    cdef int[::1] input_argument, input_column, output_argument, output_column
    cdef double[::1] fixed
    cdef long rows, cells, inner, first_packed
    cdef double cost
    cdef list known  # the parameters of the last call,
    cdef void **nodes  # and their addresses
    cdef Kernels kernels
    cdef Memory spare  # of the last call, for the next one; None while a call has it

    def __cinit__(self, plan, columns, targets, size_t loop=0):
        """`loop` is the address of a function to run on every block instead of the kernels, or 0."""
        from array import array

        self.kernels = kernels
        if loop:
            self.kernels.run = <runner> loop

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
        self.rows, self.cells, self.inner, self.cost = plan.rows, len(plan.cells), plan.inner, plan.cost
        self.first_packed = plan.first_packed

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
        self._know(parameters)
        self._fix(call.fixed)
        with nogil:
            together(work, call, call.threads)
        self._know(parameters)  # another call may have had others meanwhile
        mean = self._means(call)
        self.spare = memory
        return mean

    cdef Memory _memory(self, long batch):
        """Memory that no other call uses."""
        cdef long stride = self._stride(batch), parts = self._parts(batch, stride), count = min(<long> threads, parts)
        cdef Memory memory = self.spare
        self.spare = None
        if memory is None or not memory.suits(stride, parts, count):
            memory = Memory(self, stride, parts, count)
        memory.call.batch = batch
        memory.call.threads_begun = memory.call.parts_begun = 0
        return memory

    cdef long _stride(self, long batch) noexcept:
        """Examples per block: 64, or fewer for a small batch or a program whose rows would outgrow the cache."""
        cdef long stride = 64
        if batch == 1:
            return 1
        while stride > 16 and self.rows * stride * 8 > CACHE:
            stride //= 2
        while stride > 8 and stride >= 2 * batch:
            stride //= 2
        return stride

    cdef long _parts(self, long batch, long stride) noexcept:
        """The number of parts of a batch; their sums are added in order, so threads do not affect results."""
        cdef long parts = 1
        cdef double work = max(PART_WORK, CELL_WORK * self.cells + INNER_WORK * self.inner)
        while parts < PARTS and 2 * parts * stride <= batch and 2 * parts * work <= self.cost * batch:
            parts *= 2
        return parts

    cdef _know(self, list parameters):
        """Store the addresses of the parameters."""
        cdef Py_ssize_t k
        if parameters is self.known:
            return
        free(self.nodes)
        self.nodes = <void **> calloc(len(parameters) + 1, sizeof(void *))
        if not self.nodes:
            raise MemoryError("there is not enough memory for the parameters of a recorded program")
        for k in range(len(parameters)):
            self.nodes[k] = <void *> parameters[k]
        self.known = parameters

    def __dealloc__(self):
        free(self.nodes)

    cdef void _fix(self, double *fixed) noexcept:
        """Compute the instructions that depend only on parameters."""
        cdef const int *number = start(self.parameter)
        cdef const int *at = start(self.at)
        cdef const int *code = start(self.fixed_code)
        cdef const int *packed = start(self.packed)
        cdef double *weights = fixed + self.first_packed
        cdef Py_ssize_t k, count = self.at.shape[0]
        for k in range(count):
            if k + AHEAD < count:
                prefetch(self.nodes[number[k + AHEAD]])
            fixed[at[k]] = (<Node> self.nodes[number[k]])._number
        run_one(code, code + self.fixed_code.shape[0], fixed, NULL, NULL)
        for k in range(self.packed.shape[0]):
            weights[k] = fixed[packed[k]]

    cdef double _means(self, Call *call) noexcept:
        """The mean of the outputs; those of the derivatives are added to the parameters' gradients."""
        cdef const int *cell_of = start(self.cell_of)
        cdef const int *at = start(self.mean_at)
        cdef Py_ssize_t k, part, count = self.mean_at.shape[0]
        cdef double *totals = call.totals
        cdef double *sums = call.sums
        cdef double batch = call.batch
        if not count:
            return 0.0
        memset(totals, 0, count * sizeof(double))
        for part in range(1, call.parts):
            for k in range(self.cells):
                sums[k] += sums[part * self.cells + k]
        for k in range(self.cells):
            totals[cell_of[k]] += sums[k]
        for k in range(1, count):
            if k + AHEAD < count:
                prefetch(self.nodes[k + AHEAD - 1])
            (<Node> self.nodes[k - 1])._grad += call.fixed[at[k]] + totals[k] / batch
        return call.fixed[at[0]] + totals[0] / batch


cdef void *work(void *shared) noexcept nogil:
    """The work of one thread of a call: it takes the next part that no thread has begun, until none is left."""
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
        run_part(call, rows, call.lanes + thread * call.inner_count * LANES, call.sums + part * call.cell_count,
                 blocks * part // call.parts, blocks * (part + 1) // call.parts)


cdef void run_part(Call *call, double *rows, double *lanes, double *sums, long first, long last) noexcept nogil:
    """Run blocks first to last - 1, and sum every cell over them."""
    cdef long stride = call.stride, block, begin, n
    memset(sums, 0, call.cell_count * sizeof(double))
    memset(lanes, 0, call.inner_count * LANES * sizeof(double))
    for block in range(first, last):
        begin = block * stride
        n = min(stride, call.batch - begin)
        call.kernels.load(call.columns, call.input_row, call.inputs, rows, stride, begin, n)
        if stride == 1:
            run_one(call.code, call.end, rows, call.fixed, sums)
        else:
            call.kernels.run(call.code, call.end, rows, call.fixed, lanes, sums, stride, n)
        write(call, rows, begin, n)
    call.kernels.add_lanes(sums, lanes, call.inner_count)


cdef inline void write(Call *call, double *rows, long begin, long n) noexcept nogil:
    cdef long i, k
    cdef double *row
    cdef char *data
    cdef Py_ssize_t step
    cdef Column *columns = call.columns + call.inputs
    for i in range(call.outputs):
        row, step = rows + call.output_row[i] * call.stride, columns[i].step
        data = columns[i].data + begin * step
        if step == sizeof(double):
            memcpy(data, row, n * sizeof(double))
            continue
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
