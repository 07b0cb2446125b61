"""What runs in a browser: the README's ten lines, the chain rule, its picture and page, and eager training."""

import doctest
import random
from pathlib import Path

import engine
from engine import Value, chain_rule, draw, explore
from engine.page.page import page
from nn import MLP, SGD, fit, mean_squared_error

assert not engine.compiled
readme = Path("/packages/README.md").read_text(encoding="utf-8")
lines = readme.partition("## Ten lines")[2].partition("\n## ")[0]
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
test = doctest.DocTestParser().get_doctest(lines, {}, "ten lines", "README.md", 0)
assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0
assert "killed" in Path("why.svg").read_text(encoding="utf-8")

w, x = Value(0.5, "w"), Value(3.0, "x")
chain = chain_rule((w * x).tanh(), w)
assert r"\begin{aligned}" in chain.to_latex()
assert "image/svg+xml" in chain._repr_mimebundle_()["text/html"]
assert "digraph" in draw(chain.output).source
assert "<iframe" in explore(chain.output)._repr_html_()
assert "application/json" in page(chain)

rng = random.Random(0)
X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(20)]
y = [a * b for a, b in X]
model = MLP(2, [4, 1], seed=0)
history = fit(model, X, y, mean_squared_error, SGD(model.parameters(), lr=0.1), 10)
assert history.loss[-1] < history.loss[0], history.loss
print("the lesson runs, and the loss went from", history.loss[0], "to", history.loss[-1])
