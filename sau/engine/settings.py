"""Settings of one training run."""

import hashlib
import json
from typing import Any, ClassVar, Literal

from sau.engine.second_stage import SecondStage
from sau.engine.setting_checks import (
    check_averages,
    check_backbone,
    check_batch_norm,
    check_flips,
    check_optimizer,
    check_options,
    check_processes,
    check_schedule,
    check_snapshots,
    score_option,
)
from sau.engine.view_settings import ViewSettings
from sau.methods.described import described_options
from sau.methods.names import DataName, MethodName
from sau.settings.section import Section, setting


class TrainingSettings(ViewSettings):
    """One training run; the defaults are the paper's for CIFAR, but for the width (64 there)."""

    refuses_idle: ClassVar[bool] = False  # a row has keys from the section that are for others

    method: MethodName = setting("sau", "what is trained")
    data: DataName = setting(
        "balanced", "the long-tailed real images alone, or balanced with synthetic ones"
    )
    options: dict[str, Any] = setting({}, "the method's own options, as a mapping")
    projection_hidden: int = setting(
        2048, "units of the projection head's two hidden layers", minimum=1
    )
    projection_size: int = setting(128, "dimension of the contrastive embedding", minimum=2)
    epochs: int = setting(
        200,
        "passes over the training set; with steps_per_epoch, as many times that number of steps",
        unit="epochs",
        minimum=1,
    )
    batch_size: int = setting(128, "images of a batch", unit="images", minimum=2)
    steps_per_epoch: int = setting(
        0,
        "steps that count as an epoch, images drawn in turn, each once before any comes again: rows"
        " of few and of many images then train as long; 0: as many as the images fill",
        unit="steps",
        minimum=0,
    )
    ema_decay: float = setting(
        0.0,
        "test an exponential moving average of the weights with this decay a step; 0: the last"
        " weights",
        minimum=0,
        maximum=0.999999,
    )
    swa_from: int = setting(
        0,
        "test the mean of the weights at the ends of epochs, from this one to the last of its phase"
        " (stochastic weight averaging); a second phase starts from it; 0: the last weights",
        unit="epochs",
        minimum=0,
    )
    swa_learning_rate: float = setting(
        0.0, "of SGD from swa_from on, constant; 0: as the schedule has it", minimum=0
    )
    second_stage: dict[str, Any] = setting(
        {},
        "a second phase of training, such as {method: cross_entropy, data: real, epochs: 20, "
        "learning_rate: 0.001, trained: classifier}; empty: none",
    )
    precision: Literal["float32", "bfloat16", "auto"] = setting(
        "float32",
        "of the forward passes: float32 is never TF32, bfloat16 is autocast with losses in float32;"
        " auto is bfloat16 where the processor or GPU computes in it, else float32, and the report"
        " says which",
    )
    compile: Literal["off", "default", "reduce-overhead"] = setting(
        "off",
        "mode of torch.compile for encoder and projection: quicker steps after a minute or more of "
        "compiling (on a CPU by a C++ compiler, on a GPU with a C compiler); reduce-overhead: CUDA "
        "graphs as well",
    )
    decode: Literal["ahead", "on_demand"] = setting(
        "ahead",
        "hold all images as pixels on the device, or decode those of each batch when it needs them,"
        " from a file on disk that lasts as long as the run; no effect on results",
        affects_result=False,
    )
    decode_workers: int = setting(
        1,
        "threads that decode images; no effect on results",
        unit="threads",
        minimum=1,
        affects_result=False,
    )
    device: Literal["cpu", "cuda"] = setting("cpu", "where to train; never changed silently")
    threads: int = setting(
        1, "CPU threads; part of the result's identity, sums depend on it", minimum=1
    )
    processes: int = setting(
        1,
        "processes that share each batch, each on a GPU (or CPU threads) of its own; the rule "
        "starts them with torchrun",
        minimum=1,
    )
    sync_batch_norm: bool = setting(
        False, "several processes: BatchNorm by the moments of the whole batch, not of each part"
    )
    evaluate_every: int = setting(
        1,
        "epochs between two measurements on test and validation images; the last always is one",
        unit="epochs",
        minimum=1,
    )
    snapshot_every: int = setting(
        0,
        "epochs between two networks that are kept beside the last one, to ask them which images "
        "helped (docs/influence.md); 0: none",
        unit="epochs",
        minimum=0,
    )
    checkpoint_every: int = setting(
        1, "epochs between two checkpoints", unit="epochs", minimum=1, affects_result=False
    )
    tracker: Literal["none", "tensorboard", "wandb", "mlflow"] = setting(
        "none",
        "record losses and accuracies of every epoch there too; nothing leaves the machine unless "
        "the tracker's own environment variables say so",
        affects_result=False,
    )

    def check(self) -> None:
        """Check the method's own options, and what concerns several settings."""
        self.method_options()
        check_schedule(self)
        check_options(self)
        second = self.second()
        check_processes(self, "batch_size", self.batch_size)
        if second and second.batch_size is not None:
            check_processes(self, "second_stage.batch_size", second.batch_size)
        check_optimizer(self)
        check_backbone(self)
        check_flips(self)
        if self.crop_size is not None and self.view_set != "imagenet":
            raise self.error(
                "crop_size",
                f"{self.crop_size}, but the views of "
                f"{self.path('view_set')} {self.view_set} keep the image's size; leave it out",
            )
        check_averages(self)
        check_batch_norm(self)
        check_snapshots(self)

    def method_options(self) -> Section:
        """Return the options of the method, checked; made without loading torch."""
        with self.naming("options."):
            return described_options(self.method).from_mapping(self.options)

    def second(self) -> SecondStage | None:
        """Return the second phase, typed; None if there is none."""
        if not self.second_stage:
            return None
        with self.naming("second_stage."):
            return SecondStage.from_mapping(self.second_stage)

    def total_epochs(self) -> int:
        """Return the epochs of both phases."""
        second = self.second()
        return self.epochs + (second.epochs if second else 0)

    def data_of_all_stages(self) -> DataName:
        """Return balanced if a stage trains on the balanced set, else real."""
        second = self.second()
        return "balanced" if "balanced" in (self.data, second.data if second else "") else "real"

    def needs_synthetic(self) -> bool:
        """Return whether a stage trains on the balanced set."""
        return self.data_of_all_stages() == "balanced"

    def recipe(self) -> str:
        """Return the SHA-256 of what results depend on, in hex: runs of one may be averaged."""
        text = json.dumps(self.with_effect(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def score_option(self) -> tuple[str, str]:
        """Return the option by which a stage reads scores, and the value without; or nothing."""
        stages = {"": self, "second_stage.": self.second()}
        for place, stage in stages.items():
            option, without = score_option(stage) if stage else ("", "")
            if option:
                return f"{place}options.{option}", without
        return "", ""
