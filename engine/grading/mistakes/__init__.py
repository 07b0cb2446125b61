"""The catalogue of mistakes in backpropagation. One more mistake is one more row.

Read `row` first, which says what a row is. The other files hold the rows, by where the mistake is made.
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
