"""Why: the chain rule, path by path."""
