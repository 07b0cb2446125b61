"""Hypothesis draws the same examples at every run where CI is set, others elsewhere; no doctest leaves a row behind."""

import os

import pytest
from hypothesis import HealthCheck, settings

from engine.core import TABLE

common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "max_examples": 40}
settings.register_profile("ci", derandomize=True, database=None, print_blob=True, **common)
settings.register_profile("local", **common)
settings.load_profile("ci" if os.environ.get("CI") else "local")


class DoctestRows:
    """Deletes the rows that an example in a docstring added, which readers need not see."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        before = set(TABLE)
        try:
            return (yield)
        finally:
            for name in TABLE.keys() - before if isinstance(item, pytest.DoctestItem) else ():
                del TABLE[name]


def pytest_configure(config):
    config.pluginmanager.register(DoctestRows())
