"""Loss functions: pure functions on tensors, one idea in each file."""
