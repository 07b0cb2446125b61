"""Recordings in other systems."""
