"""Runs a program on blocks of examples."""
