cimport cython
from ..structure.value_numbering cimport Known
from .integers cimport Integers
from .program cimport Program

cdef int ADD, CONSTANT, MEAN, MUL, ONE, PRODUCTS

@cython.locals(new=Program, i=int, at="int[::1]", known=Known)
cpdef Program cse(Program program)

@cython.locals(i=int, j=int, live="unsigned char[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]", wanted=Integers)
cpdef Program dce(Program program)

@cython.locals(new=Program, n=int, at="int[::1]")
cpdef Program select(Program program, int[::1] wanted)
@cython.locals(n=int)
cdef bint _is_all(Program program, int[::1] wanted)

@cython.locals(pairs=list, fixed=list, moving=list, j=int, a=int, b=int)
cdef int _mean(Program program, int i, unsigned char[::1] varies, int zero, bint only_here) except -1

@cython.locals(i=int, part="int[::1]", codes="int[::1]", varies="unsigned char[::1]")
cpdef Program hoist(Program program)

@cython.locals(i=int, first=dict, key=tuple, leader="int[::1]", codes="int[::1]", varies="unsigned char[::1]")
cpdef Program group(Program program)

@cython.locals(i=int, j=int, code=int, below=int, depth="int[::1]", kind="int[::1]", codes="int[::1]", starts="int[::1]",
               args="int[::1]")
cpdef Program level(Program program)

@cython.locals(code=int, first=int, last=int, j=int, a=int, b=int, args="int[::1]", found=list)
cpdef tuple columns(Program program, int i, unsigned char[::1] varies)

@cython.locals(i=int, order="int[::1]")
cdef Program reordered(Program program, list keys)
