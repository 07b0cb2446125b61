"""Hypothesis draws the same examples at every run where CI is set, others elsewhere."""

import os

from hypothesis import HealthCheck, settings

common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "max_examples": 40}
settings.register_profile("ci", derandomize=True, database=None, print_blob=True, **common)
settings.register_profile("local", **common)
settings.load_profile("ci" if os.environ.get("CI") else "local")
