"""The searches for faults."""
