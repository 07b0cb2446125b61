"""A small user's program, for type checkers: what each expression is, without a cast."""

from typing import assert_type

import graphviz

from engine import (
    ChainRule,
    Comparison,
    Recording,
    Report,
    Value,
    chain_rule,
    clip,
    compare,
    diagnose,
    dot,
    draw,
    exp,
    grad,
    hypot,
    logsumexp,
    maximum,
    norm,
    record,
    softmax,
)
from nn import MLP, SGD, mean_squared_error

w, x = Value(0.8, "w"), Value(62.5, "x")
assert_type(exp(w), Value)
assert_type(exp(1.0), float)
assert_type(maximum(w, 0.0), Value)
assert_type(maximum(1.0, 2.0, 3.0), float)
assert_type(maximum(w, x, 1.0), Value)
assert_type(hypot(w, 1.0), Value)
assert_type(hypot(1.0, w), Value)
assert_type(hypot(3.0, 4.0), float)
assert_type(clip(w, 0.0, 1.0), Value)
assert_type(clip(0.5, 0.0, 1.0), float)
assert_type(logsumexp([w, x]), Value)
assert_type(norm([3.0, 4.0]), float)
assert_type(dot([w], [1.0]), Value)
assert_type(w.silu(), Value)
assert_type(w.arctan(), Value)
assert_type(softmax([w, x]), list[Value])
assert_type(softmax([1.0, 2.0]), list[float])
assert_type(w * x + 1.0, Value)
assert_type(2.0 * w, Value)
assert_type(w.data, float)
assert_type(w.operands, tuple[Value, ...])
assert_type(grad(w * x, [w, x]), tuple[float, ...])
assert_type(grad(w * x, [w, x], create_graph=True), tuple[Value, ...])

chain = chain_rule((w * x).sigmoid(), w)
assert_type(chain, ChainRule)
assert_type(chain.total, float)
assert_type(chain.verdict, str)
assert_type(chain.paths()[0].factors[0].formula, str)
pictures: list[graphviz.Digraph] = [chain.draw(), draw(w * x)]
assert_type(compare(w * x, {w: 62.5}), Comparison)
assert_type(diagnose(w * x, [w]), Report)

model = MLP(2, [3, 1], seed=1)
assert_type(model, MLP)
assert_type(model.parameters(), list[Value])
loss = mean_squared_error([model([0.5, 0.25])], [1.0])
assert_type(loss, Value)
SGD(model.parameters(), lr=0.1).step()

recording = record(lambda t: t * w, 0.5)
assert_type(recording, Recording)
recording.forward([1.0, 2.0]).sum()
