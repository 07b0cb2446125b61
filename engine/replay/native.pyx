# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Runs a schedule with compiled kernels, on blocks of examples, without the GIL and on several threads."""

from concurrent.futures import ThreadPoolExecutor
import os

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.string cimport memset

from ..core.generated cimport MADE_FROM
from ..core.value cimport Value

from ..core import check

cdef extern from "native.h":
    void choose_kernels()
    void run_block(const int *, const int *, double *, const double *, double *, long, long) nogil
    void add_lanes(double *, long) nogil
    void run_one(const int *, const int *, double *, const double *, double *) nogil
    double *aligned(size_t) nogil
    void free_aligned(double *) nogil

check(MADE_FROM)
choose_kernels()
cdef long LANES = 8  # at most in a vector
cdef double THREAD_WORK = 5e5  # nanoseconds that are worth a second thread
cdef long CACHE = 1 << 20  # bytes that the rows of a block may take

threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_pool = None


def _workers():
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(threads)
    return _pool


cdef struct Column:
    char *data
    Py_ssize_t step


cdef class Worker:
    """The rows and cells of one thread."""

    cdef double *rows
    cdef double *cells
    cdef long stride

    def __cinit__(self, long rows, long cells, long stride):
        self.stride = stride
        self.rows = aligned(rows * stride)
        self.cells = aligned(cells * LANES)
        if self.rows == NULL or self.cells == NULL:
            raise MemoryError("there is not enough memory for the rows of a recorded program")

    def __dealloc__(self):
        free_aligned(self.rows)
        free_aligned(self.cells)


cdef class Native:
    """See execute.executor."""

    cdef int[::1] code, fixed_code, packed, cell_of, at, fill_at, fill_row, input_row, output_row, mean_at, parameter
    cdef int[::1] input_argument, input_column, output_argument, output_column
    cdef double[::1] fixed, totals
    cdef long rows, cells, batch, stride
    cdef double cost
    cdef list workers
    cdef Column *inputs
    cdef Column *outputs

    def __cinit__(self, plan, places, targets):
        from array import array

        self.inputs = <Column *> PyMem_Calloc(len(plan.inputs) + 1, sizeof(Column))
        self.outputs = <Column *> PyMem_Calloc(len(plan.outputs) + 1, sizeof(Column))
        if self.inputs == NULL or self.outputs == NULL:
            raise MemoryError("there is not enough memory for the columns of a recorded program")
        self.code, self.fixed_code, self.packed, self.cell_of = plan.code, plan.fixed_code, plan.packed, plan.cells
        self.fixed, self.totals = plan.fixed[:], array("d", bytes(8 * len(plan.means)))
        self.parameter, self.at = array("i", [k for k, _ in plan.parameters]), array("i", [k for _, k in plan.parameters])
        self.fill_at, self.fill_row = array("i", [k for k, _ in plan.fills]), array("i", [k for _, k in plan.fills])
        self.input_row = array("i", [row for _, row in plan.inputs])
        self.input_argument = array("i", [places[k][0] for k, _ in plan.inputs])
        self.input_column = array("i", [places[k][1] for k, _ in plan.inputs])
        self.output_argument = array("i", [which for which, _ in targets])
        self.output_column = array("i", [column for _, column in targets])
        self.output_row, self.mean_at = array("i", plan.outputs), array("i", plan.means)
        self.rows, self.cells, self.cost = plan.rows, len(plan.cells), plan.cost
        self.workers, self.stride = [], 0

    def __dealloc__(self):
        PyMem_Free(self.inputs)
        PyMem_Free(self.outputs)

    def run(self, list arguments, list parameters, list results):
        cdef Py_ssize_t k
        self.batch = len(arguments[0])
        buffers = [Buffer(x, False) for x in arguments]
        for k in range(self.input_row.shape[0]):
            (<Buffer> buffers[self.input_argument[k]]).column(self.input_column[k], &self.inputs[k])
        targets = [Buffer(x, True) for x in results]
        for k in range(self.output_row.shape[0]):
            (<Buffer> targets[self.output_argument[k]]).column(self.output_column[k], &self.outputs[k])
        self._fix(parameters)
        self._blocks()
        return self._means(parameters)

    cdef _fix(self, list parameters):
        """What depends on parameters alone."""
        cdef Py_ssize_t k, start = self.fixed.shape[0] - self.packed.shape[0]
        for k in range(self.at.shape[0]):
            self.fixed[self.at[k]] = (<Value> parameters[self.parameter[k]])._data
        if self.fixed_code.shape[0]:
            run_one(&self.fixed_code[0], &self.fixed_code[0] + self.fixed_code.shape[0], &self.fixed[0], NULL, NULL)
        for k in range(self.packed.shape[0]):
            self.fixed[start + k] = self.fixed[self.packed[k]]

    cdef _blocks(self):
        cdef long stride = self._stride(), blocks, count, k
        if stride != self.stride:
            self.workers, self.stride = [], stride
        blocks = (self.batch + stride - 1) // stride
        count = 1 if self.cost * self.batch < THREAD_WORK else min(<long> threads, blocks)
        while len(self.workers) < count:
            self.workers.append(Worker(self.rows, self.cells, stride))
        if count == 1:
            self._work(self.workers[0], 0, blocks)
        else:
            pool = _workers()
            jobs = [pool.submit(self._part, k, blocks * k // count, blocks * (k + 1) // count) for k in range(1, count)]
            self._part(0, 0, blocks // count)
            for job in jobs:
                job.result()
        for k in range(1, count):
            add(self.workers[0], self.workers[k], self.cells)

    cdef long _stride(self):
        """Examples in a block: 64, fewer for a small batch, and for a long program whose rows outgrow the cache."""
        cdef long stride = 64
        if self.batch == 1:
            return 1
        while stride > 16 and self.rows * stride * 8 > CACHE:
            stride //= 2
        while stride > 8 and stride >= 2 * self.batch:
            stride //= 2
        return stride

    def _part(self, long worker, long first, long last):
        self._work(self.workers[worker], first, last)

    cdef _work(self, Worker worker, long first, long last):
        cdef const int *code = &self.code[0] if self.code.shape[0] else NULL
        cdef const int *end = code + self.code.shape[0]
        cdef long stride = self.stride, k, i, start, n, block
        cdef double *row
        with nogil:
            memset(worker.cells, 0, self.cells * (1 if stride == 1 else LANES) * sizeof(double))
            for i in range(self.fill_at.shape[0]):
                row = worker.rows + self.fill_row[i] * stride
                for k in range(stride):
                    row[k] = self.fixed[self.fill_at[i]]
            for block in range(first, last):
                start = block * stride
                n = min(stride, self.batch - start)
                for i in range(self.input_row.shape[0]):
                    row = worker.rows + self.input_row[i] * stride
                    for k in range(n):
                        row[k] = (<double *> (self.inputs[i].data + (start + k) * self.inputs[i].step))[0]
                    for k in range(n, stride):
                        row[k] = row[n - 1]
                if stride == 1:
                    run_one(code, end, worker.rows, &self.fixed[0], worker.cells)
                else:
                    run_block(code, end, worker.rows, &self.fixed[0], worker.cells, stride, n)
                for i in range(self.output_row.shape[0]):
                    row = worker.rows + self.output_row[i] * stride
                    for k in range(n):
                        (<double *> (self.outputs[i].data + (start + k) * self.outputs[i].step))[0] = row[k]
            if stride > 1:
                add_lanes(worker.cells, self.cells)

    cdef double _means(self, list parameters) except *:
        """The mean of the outputs; those of the derivatives are added to the parameters' gradients."""
        cdef Py_ssize_t k, count = self.mean_at.shape[0]
        cdef double *cells = (<Worker> self.workers[0]).cells
        if not count:
            return 0.0
        for k in range(count):
            self.totals[k] = 0.0
        for k in range(self.cells):
            self.totals[self.cell_of[k]] += cells[k]
        for k in range(count):
            self.totals[k] = self.fixed[self.mean_at[k]] + self.totals[k] / self.batch
        for k in range(1, count):
            (<Value> parameters[k - 1])._grad += self.totals[k]
        return self.totals[0]


cdef add(Worker total, Worker worker, long cells):
    cdef long k
    for k in range(cells):
        total.cells[k] += worker.cells[k]


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
