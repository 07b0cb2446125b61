"""The shapes of the rows, by name: where each bends or jumps, and its limits at infinity."""

import math
from math import inf

WHOLE = tuple(range(-100, 101))
KINKS = {  # of the first operand
    **dict.fromkeys(("abs", "sign", "relu", "leaky_relu", "elu", "selu", "softsign", "cbrt", "select"), (0,)),
    **dict.fromkeys(("floor", "ceil", "trunc"), WHOLE),
    "round": tuple(n + 0.5 for n in WHOLE),
    "hard_tanh": (-1, 1),
    "hard_sigmoid": (-3, 3),
}

LIMITS = {  # the value and the slope at -inf and at inf, None outside; all further derivatives are 0
    **dict.fromkeys(("asinh", "cbrt", "floor", "ceil", "round", "trunc"), ((-inf, 0), (inf, 0))),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "sqrt", "acosh"), (None, (inf, 0))),
    **dict.fromkeys(("sigmoid", "normal_cdf", "hard_sigmoid"), ((0, 0), (1, 0))),
    **dict.fromkeys(("tanh", "erf", "softsign", "hard_tanh", "sign"), ((-1, 0), (1, 0))),
    **dict.fromkeys(("gauss", "gauss_half", "bell", "sech2", "normal_pdf"), ((0, 0), (0, 0))),
    **dict.fromkeys(("softplus", "relu", "silu", "gelu", "mish"), ((0, 0), (inf, 1))),
    **dict.fromkeys(("exp", "exp2"), ((0, 0), None)),
    **dict.fromkeys(("pos", "where_true", "where_false"), ((-inf, 1), (inf, 1))),
    "neg": ((inf, -1), (-inf, -1)),
    "abs": ((inf, -1), (inf, 1)),
    "expm1": ((-1, 0), None),
    "erfc": ((2, 0), (0, 0)),
    "atan": ((-math.pi / 2, 0), (math.pi / 2, 0)),
    "log_sigmoid": ((-inf, 1), (0, 0)),
    "elu": ((-1, 0), (inf, 1)),
    "selu": ((-1.7580993408473766, 0), (inf, 1.0507009873554805)),
    "leaky_relu": ((-inf, 0.01), (inf, 1)),
    "ratio": (None, None),  # it is used between -1 and 1
}
