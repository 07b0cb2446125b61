cimport cython
from .value cimport Value


@cython.locals(nodes=list, node=Value, a=Value, b=Value, operand=Value, operands=list, partials=list, grad=double, i=cython.Py_ssize_t)
cpdef backward(Value output)
