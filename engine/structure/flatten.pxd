from cpython.array cimport array
cdef inline int *ints(array numbers) noexcept:  # arrays.py has both for Python
    return numbers.data.as_ints
cdef inline double *floats(array numbers) noexcept:
    return numbers.data.as_doubles
