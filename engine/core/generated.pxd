# The header that the build writes from the table: _header.py.
cdef extern from "table.h":
    ctypedef struct Result:
        double y, da, db
    const int IN_C
    enum: DETACH, POW, SELECT
    const long MADE_FROM
    Result operate1(int code, double a) noexcept nogil
    Result operate2(int code, double a, double b) noexcept nogil
    double operate_many "operate"(int code, long m, const double *x, double *d) noexcept nogil
    double *scratch(long count) noexcept
