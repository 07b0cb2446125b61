"""Recordings: a function as a compiled program."""
