"""Networks on top of the engine: modules, losses, optimisers, training and files.

Read `module` and `layers` first: they are micrograd's nn. Then `losses` and `optim`, and `training`, which combines
them in `fit` (`batches` checks the data, `replay` records one example, `epochs` is the loop). `interop` imports trained
networks, `files` and `checkpoint` save them, and `equations` writes backpropagation in matrices.
"""

# fmt: off
from . import shadowed as shadowed
from .blocks import RNN, Attention, Embedding, LayerNorm, RMSNorm, Sequential
from .checkpoint import Checkpoint
from .epochs import DivergenceError
from .equations import Backpropagation, backpropagation
from .files import load, save
from .history import History
from .interop import from_keras, from_sklearn, from_torch
from .layers import MLP, Layer, Neuron
from .losses import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, hinge, mean_squared_error
from .module import Module
from .optim import SGD, Adam, AdamW, Optimizer, clip_gradients
from .schedules import constant, cosine, linear, step_decay, warmup
from .summary import summary
from .training import accuracy, fit

__all__ = [
    "MLP", "RNN", "SGD", "Adam", "AdamW", "Attention", "Backpropagation", "Checkpoint", "DivergenceError",
    "Embedding", "History", "Layer", "LayerNorm", "Module", "Neuron", "Optimizer", "RMSNorm", "Sequential",
    "accuracy", "backpropagation", "binary_cross_entropy", "binary_cross_entropy_with_logits", "clip_gradients",
    "constant", "cosine", "cross_entropy", "fit", "from_keras", "from_sklearn", "from_torch", "hinge", "linear",
    "load", "mean_squared_error", "save", "step_decay", "summary", "warmup",
]
# fmt: on
