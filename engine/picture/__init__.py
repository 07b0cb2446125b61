"""Pictures of graphs and chain rules."""
