"""The training loop: epochs, steps, optimizers, averages of weights, checkpoints."""
