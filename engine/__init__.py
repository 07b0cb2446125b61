"""whygrad: a scalar autograd engine that can say why."""

from ._compiled import compiled as compiled
from .backward import grad as grad
from .errors import GradientError as GradientError
from .errors import MissingExtraError as MissingExtraError
from .errors import NonFiniteError as NonFiniteError
from .errors import RenderError as RenderError
from .errors import StateError as StateError
from .errors import WhygradError as WhygradError
from .value import Value as Value
from .value import cos as cos
from .value import dot as dot
from .value import erf as erf
from .value import exp as exp
from .value import log as log
from .value import logsumexp as logsumexp
from .value import maximum as maximum
from .value import minimum as minimum
from .value import relu as relu
from .value import sigmoid as sigmoid
from .value import sin as sin
from .value import softmax as softmax
from .value import softplus as softplus
from .value import sqrt as sqrt
from .value import strict as strict
from .value import tanh as tanh
