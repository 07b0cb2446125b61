"""The searches of a diagnosis, a function from a Case to Findings for each kind of fault."""
