cimport cython
from .program cimport Program

@cython.locals(new=Program, i=int, j=int, code=int, first=int, count=int, a=int, b=int, known=dict,
               at="int[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
cpdef Program merge(Program program)

@cython.locals(code=cython.longlong, a=cython.longlong, b=cython.longlong)
cdef object _key(cython.longlong code, cython.longlong a, cython.longlong b)

@cython.locals(i=int, j=int, live="unsigned char[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
cpdef Program dead(Program program)

@cython.locals(new=Program, i=int, at="int[::1]")
cpdef Program select(Program program, object wanted)

@cython.locals(pairs=list, fixed=list, moving=list, j=int, a=int, b=int)
cdef int _mean(Program program, int i, unsigned char[::1] varies, int zero, bint only_here) except -1

@cython.locals(code=int, first=int, last=int, j=int, a=int, b=int, args="int[::1]", found=list)
cpdef tuple columns(Program program, int i, unsigned char[::1] varies)

@cython.locals(i=int, j=int, code=int, below=cython.longlong, key=cython.longlong, found=list, alike=dict, depth="int[::1]", codes="int[::1]", starts="int[::1]", args="int[::1]")
cpdef Program level(Program program)

@cython.locals(i=int, parts=tuple, varies="unsigned char[::1]")
cpdef Program split(Program program)

@cython.locals(i=int, followers=dict, first=dict, wanted=list, key=tuple, moved="unsigned char[::1]", varies="unsigned char[::1]")
cpdef Program group(Program program)
