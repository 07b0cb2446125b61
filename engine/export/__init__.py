"""Recordings in other systems.

It offers `to_jax`. Read `jax` first, then `vectors` and `loop`, the two forms that a program takes there, and `rows`.
"""

from .jax import to_jax

__all__ = ["to_jax"]
