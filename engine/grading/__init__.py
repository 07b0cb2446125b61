"""A learner's derivation, judged."""
