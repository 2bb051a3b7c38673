"""Settings of the training stage: those of a run, as a section of the config."""

from typing import ClassVar

from sau.engine.settings import TrainingSettings


class TrainingSection(TrainingSettings):
    """One training run; the defaults are the paper's for CIFAR, but for the width (64 there)."""

    section: ClassVar[str] = "training"
