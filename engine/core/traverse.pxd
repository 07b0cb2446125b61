cdef int begin() except -1
cdef void end() noexcept
