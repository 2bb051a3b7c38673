"""Evaluation: what a run's predictions are worth, over all classes and each part of the tail."""
