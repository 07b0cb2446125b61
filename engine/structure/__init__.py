"""What a graph is made of."""
