"""What is wrong with a loss and its parameters."""
