"""Learners: backpropagation written by hand in NumPy, with one mistake each. Nothing here uses the engine."""

import math
from dataclasses import dataclass, field

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "linear": lambda z: z}
DERIVATIVES = {
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "linear": np.ones_like,
}


def same(x):
    return x


@dataclass
class Perceptron:
    """A network and its task: rows of X and Y are examples, W[l][j, i] leads from unit i to unit j of layer l."""

    W: list
    b: list
    activations: list
    X: np.ndarray
    Y: np.ndarray
    loss: str  # half: Σ e²/2, sum: Σ e², mean: Σ e²/n, softmax and sigmoid: mean cross-entropy
    decay: float = 0.0  # decay/2 · Σ w²
    shared: bool = False  # one bias a layer
    rounded: object = same
    Z: list = field(default_factory=list)
    A: list = field(default_factory=list)

    def gradients(self, mistake="", where=None):
        """All gradients, each layer's weights by row and then its biases, by a learner with one mistake."""
        self.forward()
        delta, grad_W, grad_b = self.rounded(self.output_error(mistake, where)), [], []
        for layer in reversed(range(len(self.W))):
            dW, db = self.own_gradients(layer, delta, mistake, where)
            grad_W.insert(0, dW)
            grad_b.insert(0, db)
            if layer:
                delta = self.rounded(self.send_back(layer, delta, dW, mistake, where))
        return self.collected(grad_W, grad_b, mistake, where)

    def forward(self):
        self.Z, self.A = [], [self.X]
        for W, b, name in zip(self.W, self.b, self.activations, strict=True):
            self.Z.append(self.rounded(self.A[-1] @ W.T + b))
            self.A.append(self.rounded(FUNCTIONS[name](self.Z[-1])))

    def output_error(self, mistake, where):
        """δ of the last layer."""
        n = len(self.X)
        if self.loss == "softmax":
            delta = self.softmax_error(mistake)
        elif self.loss == "sigmoid":
            a = sigmoid(self.Z[-1])
            delta = a - self.Y
            if mistake == "sigmoid_twice":
                delta = delta * a * (1 - a)
        else:
            delta = self.loss_derivative(mistake) * self.derivative(len(self.W) - 1, mistake, where)
        if mistake == "output_for_loss" and self.loss in ("softmax", "sigmoid"):
            delta = np.ones_like(delta)
        if self.loss in ("mean", "softmax", "sigmoid") and mistake not in ("not_divided", "output_for_loss"):
            delta = delta / n
        if mistake == "one_example":
            delta = delta * (np.arange(n) == (n - 1 if where is None else where))[:, None]
        return delta / math.log(10) if mistake == "log_base" else delta

    def loss_derivative(self, mistake):
        """∂L/∂a."""
        e = self.A[-1] - self.Y
        half = 0.5 if self.loss == "half" else 1.0
        if mistake == "exponent_not_lowered":
            return half * 2 * e**2
        if mistake == "power_for_derivative":
            return half * e**2
        if mistake == "output_for_loss":
            return np.ones_like(e)
        if mistake == "loss_for_derivative":
            return np.ones_like(e) * half * (e**2).sum()
        found = half * 2 * e
        if mistake == "constant_left_out":
            return 2 * e
        if mistake == "constant_twice":
            return 0.25 * 2 * e
        if mistake == "exponent_left_out":
            found[:, 0] *= 0.5
        if mistake == "sign_of_error":
            found[:, 0] *= -1
        return found

    def softmax_error(self, mistake):
        p = np.exp(self.Z[-1] - self.Z[-1].max(1, keepdims=True))
        p = self.rounded(p / p.sum(1, keepdims=True))
        y = self.Y
        match mistake:
            case "softmax_elementwise":
                return (-y / p) * p * (1 - p)
            case "target_left_out":
                return p
            case "softmax_twice":
                return (p - y) * p * (1 - p)
            case "log_not_divided":
                return np.stack([(np.diag(r) - np.outer(r, r)) @ -t for r, t in zip(p, y, strict=True)])
            case "softmax_left_out":
                return -y / p
            case "off_diagonal_sign":
                jacobians = [np.diag(r * (1 - r)) + np.outer(r, r) * (1 - np.eye(len(r))) for r in p]
                return np.stack([J @ (-t / r) for J, r, t in zip(jacobians, p, y, strict=True)])
            case "wrong_class":
                return p - np.roll(y, 1, axis=1)
        return p - y

    def derivative(self, layer, mistake, where):
        """∂a/∂z of a layer; `where` is output, hidden or None for both."""
        name, z, a = self.activations[layer], self.Z[layer], self.A[layer + 1]
        exact = DERIVATIVES[name](z)
        if where is not None and where != ("output" if layer == len(self.W) - 1 else "hidden"):
            return exact
        match mistake:
            case "derivative_left_out":
                return np.ones_like(z)
            case "derivative_left_out_of_unit":
                return np.where(np.arange(z.shape[1]) == 0, 1.0, exact)
            case "derivative_at_a":
                return DERIVATIVES[name](a)
            case "formula_at_z":
                return z * (1 - z) if name == "sigmoid" else 1 - z * z
            case "other_activation":
                return 1 - a * a if name == "sigmoid" else a * (1 - a)
            case "activation_for_derivative":
                return a
            case "derivative_without_a":
                return 1 - a
            case "derivative_sign":
                return -exact
            case "derivative_twice":
                return exact * exact
            case "scaled_tanh":
                return 1.7159 * 2 / 3 * (1 - np.tanh(2 * z / 3) ** 2)
            case "derivative_of_error":
                return 1 - (a - self.Y)
            case "other_side":
                return (z <= 0) * 1.0
            case "derivative_of_other_layer":
                return DERIVATIVES[name](self.Z[-1])
        return exact

    def own_gradients(self, layer, delta, mistake, where):
        """∂L/∂W and ∂L/∂b of a layer."""
        A, W = self.A[layer], self.W[layer]
        here = where in (None, layer)
        dW, db = delta.T @ A, delta.sum(0)
        match mistake:
            case "derivative_left_out_for_weights" if layer == len(self.W) - 1:
                error = self.loss_derivative("")
                dW, db = error.T @ A, error.sum(0)
            case "input_left_out" if here:
                dW = delta.T @ np.ones_like(A)
            case "weight_for_input" if here:
                dW = delta.sum(0)[:, None] * W
            case "z_for_input" if layer:
                dW = delta.T @ self.Z[layer - 1]
            case "own_activation" if here:
                dW = np.repeat((delta * self.A[layer + 1]).sum(0)[:, None], A.shape[1], axis=1)
            case "other_input" if here:
                dW = delta.T @ A[:, ::-1]
            case "first_input" if layer:
                dW = delta.T @ self.X
            case "bias_as_weight":
                db = (delta * A[:, :1]).sum(0)
            case "bias_itself":
                db = delta.sum(0) * self.b[layer]
            case "bias_left_out" if here:
                db = 0.0 * db
        return dW, db

    def send_back(self, layer, delta, dW, mistake, where):
        """δ of the layer before."""
        W, back = self.W[layer], delta
        match mistake:
            case "weight_left_out":
                W = np.ones_like(W)
            case "nothing_sent_back":
                back = np.zeros_like(back)
            case "not_transposed":
                W = W.T
            case "updated_weights":
                W = W - (where or 0.5) * (dW + self.decay * W)
            case "derivative_left_out_going_back" if layer == len(self.W) - 1:
                back = self.loss_derivative("") / (len(self.X) if self.loss == "mean" else 1)
            case "bare_error" if layer == len(self.W) - 1:
                W, back = np.ones_like(W), self.loss_derivative("")
            case "one_path" if where[0] in (layer, "every"):
                back = back * (np.arange(back.shape[1]) == where[1])
            case "path_forgotten" if layer == where[0]:
                back = back * (np.arange(back.shape[1]) != where[1])
        return (back @ W) * self.derivative(layer - 1, mistake, where)

    def collected(self, dW, db, mistake, where):
        decay = self.decay * {"penalty_left_out": 0, "penalty_factor": 2}.get(mistake, 1)
        dW = [g + decay * W for g, W in zip(dW, self.W, strict=True)]
        if mistake == "penalty_on_biases":
            db = [g + decay * b for g, b in zip(db, self.b, strict=True)]
        if mistake == "sign_of_layer":
            dW[where], db[where] = -dW[where], -db[where]
        if mistake == "matrix_transposed":
            dW[where] = dW[where].T
        if self.shared:
            db = [g[-1:] if mistake == "shared_bias" else g.sum(keepdims=True) for g in db]
        found = np.concatenate([np.concatenate([W.ravel(), b.ravel()]) for W, b in zip(dW, db, strict=True)])
        return found * {
            "sign": -1,
            "twice": 2,
            "half": 0.5,
            "seeded_with_loss": 0.5 * ((self.A[-1] - self.Y) ** 2).sum(),  # where that is the loss
            "divided": 1 / len(self.X),
            "outputs_divided": 1 / self.Y.shape[1],
        }.get(mistake, 1)
