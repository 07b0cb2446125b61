cimport cython
from cpython.array cimport array, clone
from .coercion cimport as_value, operand_of
from .generated cimport DOT, IN_C, MADE_FROM, POW, Result, operate1, operate2, operate_many, scratch
from .node cimport Node, make
cdef array no_partials
cdef double (*compute)(int code, long m, const double *x, double *d) noexcept  # operate_many, which is compiled once
cpdef object of_one(int code, object a)
cpdef object of_two(int code, object a, object b)
cdef Py_ssize_t count_nodes(object operands)
@cython.locals(node=Node)
cdef Node operate(int code, list operands, tuple given=*)
cdef Node by_formula(long long code, list operands, object given=*)
cpdef Node dot(object weights, object inputs, object bias=*)
cdef inline Node unary(int code, Node a):
    cdef Result r
    if code >= IN_C:
        return by_formula(code, [a])
    r = operate1(code, a._number)
    return make(code, r.y, a, None, r.da)
cdef inline Node binary(int code, Node a, Node b):
    cdef Result r
    if code >= IN_C:
        return by_formula(code, [a, b])
    r = operate2(code, a._number, b._number)
    return make(code, r.y, a, b, r.da, r.db)
cdef inline Node power(Node a, Node b):
    cdef Result r = operate2(POW, a._number, b._number)
    return make(POW, r.y, a, b, r.da, 0.0)
