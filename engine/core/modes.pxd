cdef int active
cpdef notify(object node)
