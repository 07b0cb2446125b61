"""In large graphs, mistakes that cannot reach a wrong number are left out: what fits stays what fits."""

import layouts
import numpy as np
import pytest

from engine.grading import Network, ReverseSweep, trial
from engine.grading.given import Given


def fitting(loss, parameters, numbers):
    given = [Given(p, x, f"{x:.6g}", 5e-7 * abs(x)) for p, x in zip(parameters, numbers, strict=True)]
    made = trial.Trial(Network(ReverseSweep(loss, parameters)), given)
    made.try_all()
    return made, [(c.mistake.name, c.place) for c in made.fitting()]


@pytest.mark.parametrize(
    "layout",
    [layouts.tanh_342, layouts.recurrent, layouts.batch_with_penalty, layouts.mixed_3221, layouts.regression_231],
)
def test_every_mistake_is_found_where_others_are_left_out(layout, monkeypatch):
    loss, parameters, _ = layout(np.random.default_rng(1))
    parameters = list(parameters)
    every, _ = fitting(loss, parameters, range(1, len(parameters) + 1))
    index, left_out = every.network.sweep.index, 0
    for candidate in every.candidates:
        if candidate.change.solve or not any(candidate.gradients.values()):
            continue
        numbers = [candidate.gradients[index[p]] for p in parameters]
        _, without = fitting(loss, parameters, numbers)
        with monkeypatch.context() as patch:
            patch.setattr(trial, "LARGE", 0)
            made, found = fitting(loss, parameters, numbers)
        assert found == without, candidate.mistake.name
        left_out += made.unfit
    assert left_out or layout in (layouts.recurrent, layouts.batch_with_penalty)
