cimport cython
from .program cimport Program

cdef class Fragment:
    cdef public bint is_list
    cdef public Program body
    cdef public int[::1] at

    @cython.locals(body=Program, i=int, k=int, at="int[::1]")
    cpdef list write(self, Program program, int y, list operands)

cdef class Slopes:
    cdef public list fragments
    cdef public int size

    @cython.locals(fragment=Fragment, slopes=list, positions=list, results=list, n=int, k=int)
    cpdef list write(self, Program program, int y, list operands, unsigned char[::1] active)

@cython.locals(terms=list, pairs=list, found=list, operands=list, slopes=list, which=Slopes, i=int, n=int, code=int, adjoint=int,
               operand=int, slope=int)
cdef dict _gather(Program result, Program program, unsigned char[::1] active, int output)

@cython.locals(new=Program, i=int, code=int, at="int[::1]", codes="int[::1]", direct=list)
cpdef Program lower(Program program)
