cimport cython
from .passes cimport columns, same_columns
from .program cimport Program
from .slot_allocation cimport Code, Rows
cdef int CONSTANT, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS
cdef object _fixed(Program program, bytearray varies, int[::1] fixed_index, int size)
@cython.locals(steps="int[::1]", partner="int[::1]", i=int, last=int, count=int, step=int, shared=tuple)
cdef object _steps(Program program, bytearray varies, int[::1] fixed_index, object plan, list blocks)
@cython.locals(weights="int[::1]")
cdef object _weights(Program program, int first, int last, bytearray varies, int[::1] fixed_index)
@cython.locals(left="int[::1]", right="int[::1]", mean="int[::1]", number=int, count=int, i=int, a=int, b=int)
cdef tuple _factors(Program program, object plan, int[::1] fixed_index)
