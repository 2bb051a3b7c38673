"""The training loop that both models share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from scripts.tiny_models.checkpoint import load_checkpoint, save_checkpoint


class LoopSettings(Protocol):
    """What the loop needs to know of a run's settings."""

    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def learning_rate(self) -> float: ...  # noqa: D102
    @property
    def warmup_steps(self) -> int: ...  # noqa: D102
    @property
    def gradient_norm(self) -> float: ...  # noqa: D102
    @property
    def steps_per_checkpoint(self) -> int: ...  # noqa: D102


def run_steps(
    name: str,
    settings: LoopSettings,
    models: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    checkpoint: Path,
    loss_of_step: Callable[[int], Tensor],
    after_step: Callable[[], object],
) -> None:
    """Train to the last step, from `checkpoint` if there is one; it is written as training goes."""
    done = load_checkpoint(checkpoint, models, optimizer)
    progress = tqdm(total=settings.steps, initial=done, desc=name, unit="step", mininterval=5.0)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for step in range(done, settings.steps):
        factor = cosine_factor(step, settings.warmup_steps, settings.steps)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * factor
        loss = loss_of_step(step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, settings.gradient_norm)
        optimizer.step()
        after_step()
        progress.update()
        if (step + 1) % settings.steps_per_checkpoint == 0 or step + 1 == settings.steps:
            save_checkpoint(checkpoint, step + 1, models, optimizer)
            progress.write(f"step {step + 1}: loss {loss.item():.4f}")
    progress.close()


def cosine_factor(step: int, warmup_steps: int, steps: int) -> float:
    """Share of the peak learning rate at `step`: a linear rise, then half a cosine towards zero."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    passed = (step - warmup_steps) / (steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * passed))
