"""Settings of the training stage: those of a run, as a section of the config."""

from typing import ClassVar

from sau.engine.more_epochs import why_not_more_epochs
from sau.engine.settings import TrainingSettings
from sau.settings.paths import PathText
from sau.settings.section import setting


class TrainingSection(TrainingSettings):
    """One training run; the defaults are the paper's for CIFAR, but for the width (64 there)."""

    section: ClassVar[str] = "training"

    start_from: PathText = setting(
        "",
        "folder of a trained network, as this stage writes it, whose weights a run starts from: "
        "the backbone's, and those of classifier and heads that fit. Its mean and standard "
        "deviation replace the data set's; empty: random or pretrained weights",
    )
    keep_checkpoint: bool = setting(
        False,
        "keep the checkpoint of a finished run, so that more epochs can be added to it; only where "
        "no epoch depends on their number, as with schedule step",
        affects_result=False,
    )

    def check(self) -> None:
        """Check what concerns several settings."""
        super().check()
        if self.start_from and self.starts_pretrained():
            raise self.error(
                "start_from",
                f"{self.start_from}, but {self.path('pretrained')} is {self.pretrained}: the "
                "network starts from one of them; leave the other one out",
            )
        obstacle = why_not_more_epochs(self)
        if self.keep_checkpoint and obstacle:
            raise self.error(
                "keep_checkpoint",
                f"true, but no epochs can be added: {obstacle}; leave it out, and fine-tune the "
                f"trained network by {self.path('start_from')}",
            )
