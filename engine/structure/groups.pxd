from .flatten cimport ints
