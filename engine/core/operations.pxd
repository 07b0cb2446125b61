# C types for operations.py; the C library's functions are IEEE's, as the table's are.
cimport cython
from libc.math cimport exp as c_exp, log as c_log, pow as c_pow, tanh as c_tanh
from .coercion cimport as_value
from .node cimport Node, make

cdef long long DIV, DOT, EXP, LOG, POW, RELU, SIGMOID, TANH

@cython.locals(x=double, y=double)
cdef Node unary(long long code, Node a)
@cython.locals(x1=double, x2=double, y=double, da=double, db=double)
cdef Node binary(long long code, Node a, Node b)
@cython.locals(size=cython.Py_ssize_t, i=cython.Py_ssize_t, operands=list, partials=list, total=double, w=Node, x=Node, b=Node)
cpdef Node dot(object weights, object inputs, object bias=*)
@cython.locals(y=double)
cdef Node divide(Node a, Node b)
@cython.locals(x=double, y=double, n=double)
cdef Node power(Node a, Node b)
@cython.locals(y=double)
cdef Node exp_node(Node a)
cdef Node log_node(Node a)
cdef Node tanh_node(Node a)
@cython.locals(x=double, e=double)
cdef Node sigmoid_node(Node a)
@cython.locals(x=double)
cdef Node relu_node(Node a)
cdef double _bell(double e)
