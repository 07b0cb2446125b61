cdef int active
