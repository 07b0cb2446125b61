"""What an installed wheel has to do, with nothing beside it but its dependencies."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import engine
import nn

wanted = {"compiled": True, "uncompiled": False}.get(sys.argv[1] if len(sys.argv) > 1 else "")
assert wanted in (None, engine.compiled), f"whygrad is {'' if engine.compiled else 'un'}compiled here"

w = engine.Value(0.8, "w")
loss = (w * 62.5).sigmoid() ** 2
assert engine.chain_rule(loss, w).verdict == "killed"
assert [finding.kind for finding in engine.diagnose(loss, [w])] == ["saturated"]
assert engine.record(lambda x: x * w, 1.0).forward([2.0])[0] == 1.6

model = nn.MLP(1, [2, 1], seed=1)
history = nn.fit(
    model,
    [[0.0], [1.0]],
    [0.0, 1.0],
    nn.mean_squared_error,
    nn.SGD(model.parameters(), lr=0.1),
    epochs=50,
    progress=False,
)
assert history.loss[-1] < history.loss[0]
with TemporaryDirectory() as folder:
    engine.render(loss, f"{folder}/why.svg", wrt=w)
    engine.chain_rule(loss, w).save(f"{folder}/why.html")
    nn.save(model, f"{folder}/model.safetensors")
    assert all(path.stat().st_size for path in Path(folder).iterdir())
print(
    "whygrad", engine.__version__, "compiled" if engine.compiled else "uncompiled", "on Python", sys.version.split()[0]
)
