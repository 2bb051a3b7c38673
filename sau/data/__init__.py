"""Images with labels as a training loop wants them: sets, batches, pixels decoded or encoded."""
