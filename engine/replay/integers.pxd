cimport cython

cpdef object integers(int size, int number=*)

cdef class Integers:
    cdef public int size
    cdef public int[::1] items

    cpdef object append(self, int number)
    cpdef int pop(self)

@cython.locals(size=int, highest=int, last=int, is_ordered=bint, n=int, i=int, key=int, start="int[::1]", result="int[::1]")
cpdef object ordered(int[::1] keys, int[::1] among)
