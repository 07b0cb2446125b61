"""Both executors: NumPy, and the native one where it is compiled."""

import pytest

from engine.replay import numpy_executor


@pytest.fixture(params=["numpy", *(["native"] if numpy_executor.Native else [])])
def executor(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(numpy_executor, "Native", None)
    return request.param
