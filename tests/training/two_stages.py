"""A row of two stages, and its training epoch by epoch."""

from collections.abc import Iterator
from typing import Any

from sau.engine.loop import Run, train_epoch

FILL_UP: dict[str, Any] = {
    "method": "balanced_softmax",
    "data": "balanced",
    "epochs": 3,
    "second_stage": {
        "method": "balanced_softmax",
        "data": "real",
        "epochs": 2,
        "learning_rate": 0.002,
        "weight_decay": 0.1,
    },
}


def train_all(run: Run) -> Iterator[int]:
    """Train the run, and yield each epoch when it is over."""
    for epoch in range(1, run.settings.total_epochs() + 1):
        train_epoch(run, run.phase_of(epoch), epoch)
        yield epoch
