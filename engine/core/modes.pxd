cdef int active
cpdef object watch()
cpdef read(object node, str what)
cpdef written(object node, str what)
cpdef shown(object node)
