# The header that the build writes from the table: _header.py.
cdef extern from "table.h":
    ctypedef struct Result:
        double y, da, db
    const int IN_C
    enum: ABS, ADD, COS, DIV, DOT, ERF, EXP, FLOORDIV, LEAKY_RELU, LOG, MOD, MUL, NEG, POS, POW, RELU, ROUND, SIGMOID
    enum: LESS, LESS_EQUAL, SIN, SOFTPLUS, SQRT, SUB, TANH
    const long MADE_FROM
    Result operate1(int code, double a) noexcept nogil
    Result operate2(int code, double a, double b) noexcept nogil
    double operate_many "operate"(int code, long m, const double *x, double *d) noexcept nogil
    double *scratch(long count) noexcept
