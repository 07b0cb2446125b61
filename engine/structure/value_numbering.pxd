cdef int ADD, MUL
cdef class ValueNumbers:
    cdef int[::1] codes, starts, args, slots
    cdef dict found
    cdef int last
    cpdef int first(self, int i)
    cdef long long hash(self, int i)
    cdef bint equal(self, int i, int j)
cdef long long _mixed(long long found, long long number)
