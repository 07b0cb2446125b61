cimport cython
from .passes cimport columns
from .program cimport Program
from .slot_allocation cimport Code, Rows, count
cdef int CONSTANT, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS
cdef object _fixed(Program program, bytearray varies, int[::1] fixed_index, int size)
@cython.locals(steps="int[::1]")
cdef object _steps(Program program, bytearray varies, int[::1] fixed_index, object plan, list blocks)
@cython.locals(weights="int[::1]")
cdef object _weights(Program program, int first, int last, bytearray varies, int[::1] fixed_index)
@cython.locals(made="int[::1]")
cdef object _made(Program program, int[::1] steps, list blocks)
cdef tuple _factors(Program program, object plan, int[::1] fixed_index)
