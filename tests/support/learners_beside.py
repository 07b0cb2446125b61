"""More learners: of a recurrent network and of a formula, by hand in NumPy, with one mistake each."""

import math
from dataclasses import dataclass

import numpy as np
from learners import same


@dataclass
class Recurrent:
    """h_t = tanh(u x_t + W h_(t-1) + b), o_t = v · h_t + c, L = Σ (o_t - y_t)²/2."""

    u: np.ndarray
    W: np.ndarray
    b: np.ndarray
    v: np.ndarray
    c: float
    X: np.ndarray
    Y: np.ndarray
    rounded: object = same

    def gradients(self, mistake="", where=None):
        """Of u, W by row, b, v, c, by a learner with one mistake."""
        h = [np.zeros_like(self.u)]
        for x in self.X:
            h.append(self.rounded(np.tanh(self.rounded(self.u * x + self.W @ h[-1] + self.b))))
        du, dW, db, dv = (np.zeros_like(p) for p in (self.u, self.W, self.b, self.v))
        dc, back, last = 0.0, np.zeros_like(self.u), len(self.X) - 1
        for t in reversed(range(len(self.X))):
            e = self.rounded(self.v @ h[t + 1] + self.c - self.Y[t])
            e = 1.0 if mistake == "output_for_loss" else e
            counted = not (mistake == "one_use" and t < last)
            dh = back if mistake == "earlier_losses" and t < last else e * self.v + back
            delta = self.rounded(dh * self.derivative(h[t + 1], mistake))
            if counted:
                dv, dc = dv + e * h[t + 1], dc + e
                seen = h[t + 1] if mistake == "state_of_same_step" else h[t]
                du, dW, db = du + delta * self.X[t], dW + np.outer(delta, seen), db + delta
            back = (self.W if mistake == "not_transposed" else self.W.T) @ delta
            if mistake == "weight_left_out":
                back = np.ones_like(self.W) @ delta
            if mistake == "truncated" and where in (None, t):
                back = np.zeros_like(back)
        found = np.concatenate([du, dW.ravel(), db, dv, [dc]])
        return found * {"sign": -1, "twice": 2, "half": 0.5}.get(mistake, 1)

    @staticmethod
    def derivative(h, mistake):
        match mistake:
            case "derivative_left_out":
                return np.ones_like(h)
            case "derivative_at_a":
                return 1 - np.tanh(h) ** 2
            case "other_activation":
                return h * (1 - h)
        return 1 - h**2


@dataclass
class Formula:
    """f = exp(-x y) sin x + log(x² + y²) max(x, y z) / z."""

    x: float
    y: float
    z: float

    def gradients(self, mistake="", where=None):
        """Of x, y and z, by a learner with one mistake."""
        x, y, z = self.x, self.y, self.z
        e, square, inner, largest = math.exp(-x * y), x * x + y * y, -x * y, max(x, y * z)
        first = x > y * z
        ex, ey = -y * e, -x * e
        lx, ly = 2 * x / square, 2 * y / square
        mx, my, mz = (1.0, 0.0, 0.0) if first else (0.0, z, y)
        cos, log = math.cos(x), math.log(square)
        dz = log * mz / z - log * largest / z**2
        match mistake, where:
            case "inner_left_out", "exp":
                ex, ey = e, e
            case "inner_left_out", "log":
                lx, ly = 1 / square, 1 / square
            case "wrong_table", "exp":
                ex, ey = -y * inner * math.exp(inner - 1), -x * inner * math.exp(inner - 1)
            case "wrong_table", "sin":
                cos = -cos
            case "wrong_table", "log":
                lx, ly = 2 * x, 2 * y
            case "both_sides", _:
                mx, my, mz = (0.0, z, y) if first else (1.0, 0.0, 0.0)
                dz = log * mz / z - log * largest / z**2
            case "product_rule", "sign":
                dz = log * mz / z + log * largest / z**2
            case "product_rule", "square":
                dz = log * mz / z - log * largest / z
            case "one_way", _:
                dz = log * mz / z
        tx = ex * math.sin(x) + e * cos
        match mistake, where:
            case "product_rule", "left":
                tx = ex * math.sin(x)
            case "product_rule", "right":
                tx = e * cos
            case "product_rule", "derivatives":
                tx = ex * cos
        dx = tx + (lx * largest + log * mx) / z
        dy = ey * math.sin(x) + (ly * largest + log * my) / z
        if mistake == "one_sign":
            dx, dy = dx - 2 * ex * math.sin(x), dy - 2 * ey * math.sin(x)
        return np.array([dx, dy, dz]) * {"sign": -1, "twice": 2, "half": 0.5}.get(mistake, 1)
