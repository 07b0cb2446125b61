"""The catalogue of mistakes in backpropagation. One more mistake is one more row.

Read row.py first: what a row is. Then loss, activations, weights, inputs, softmax, sharing and formulas: the rows.
"""

from .activations import ACTIVATIONS
from .formulas import FORMULAS
from .inputs import INPUTS
from .loss import LOSS
from .row import Change as Change
from .row import Mistake as Mistake
from .sharing import SHARING
from .softmax import SOFTMAX
from .weights import WEIGHTS

MISTAKES = (*LOSS, *ACTIVATIONS, *WEIGHTS, *INPUTS, *SOFTMAX, *SHARING, *FORMULAS)
