"""Numbers that remember the operation they came from."""
