"""Exports recordings to other systems.

It offers `to_jax`. Read `jax` first, then `vectors` and `loop`, the two forms of a program in JAX, and `rows`.
"""

from .jax import to_jax

__all__ = ["to_jax"]
