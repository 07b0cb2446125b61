cimport cython
from .value cimport Value


@cython.locals(search=long, stack=list, found=list, operands=list, node=Value, a=Value, b=Value, x=Value)
cpdef list order(Value output)
