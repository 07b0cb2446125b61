"""The searches of a diagnosis: for each kind of fault a function from a Case to Findings."""
