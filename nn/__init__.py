"""Networks on top of the engine: modules, losses, optimisers, training and files."""

from .checkpoint import Checkpoint as Checkpoint
from .files import load as load
from .files import save as save
from .layers import MLP as MLP
from .layers import Layer as Layer
from .layers import Neuron as Neuron
from .losses import binary_cross_entropy as binary_cross_entropy
from .losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .losses import cross_entropy as cross_entropy
from .losses import hinge as hinge
from .losses import mean_squared_error as mean_squared_error
from .module import Module as Module
from .optim import SGD as SGD
from .optim import Adam as Adam
from .optim import AdamW as AdamW
from .optim import Optimizer as Optimizer
from .optim import constant as constant
from .optim import cosine as cosine
from .optim import linear as linear
from .optim import step_decay as step_decay
from .optim import warmup as warmup
from .training import History as History
from .training import accuracy as accuracy
from .training import fit as fit
