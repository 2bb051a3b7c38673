"""Training in one call, on tensors or on a torch `Dataset`."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sau.core.errors import UserError
from sau.data.tensors import TensorLike, pixels_of
from sau.device.compiling import check_compiler
from sau.device.repeatable import repeatable
from sau.engine import loop
from sau.engine.arguments import Colour, LabelledSource, device_of, run_data, training_rows
from sau.engine.build import build_run
from sau.engine.prediction import TEST_BATCH, probabilities
from sau.engine.settings import TrainingSettings
from sau.engine.state import Predictions, RunState, Tally
from sau.engine.stopping import Stop
from sau.methods.names import MethodName
from sau.networks import Network
from sau.settings.names import did_you_mean
from sau.views import ViewOptions

NOT_HERE = frozenset(
    {"tracker", "checkpoint_every", "decode", "decode_workers", "processes", "sync_batch_norm"}
    | {"snapshot_every"}
)
"""Settings of the training stage that say how it uses files and processes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What a training leaves behind.

    Attributes:
        network: the one that is tested, in eval mode, on the device of the training.
        history: each quantity by name, such as `loss/total` and `test/top1` (percent), as the
            value after each epoch in which it was measured.
        predictions: of the test images after the last epoch; None without test images.
        best_on_validation: those after the epoch with the best validation top-1; None without
            validation images.
        label_correction: rows (epoch, label, synthetic images seen, noise among them, wrong ones,
            wrong ones among the noise), of methods that look for noise; the latter two are None
            without `true_labels`.
        views: how images are normalised for the network.
        settings: all settings of the run.
        seed: of the run.
    """

    network: Network
    history: dict[str, dict[int, float]]
    predictions: Predictions | None
    best_on_validation: Predictions | None
    label_correction: list[Tally]
    views: ViewOptions
    settings: TrainingSettings
    seed: int

    @torch.no_grad()
    def probabilities(self, images: TensorLike) -> Tensor:
        """Return the class probabilities of images, float32 (N, C), on the CPU.

        Args:
            images: uint8 (N, 3, H, W), or float from 0 to 1, of the training images' size.

        Raises:
            ValueError: another shape, dtype or range.
        """
        device = next(self.network.parameters()).device
        shown = self.settings.test_views
        with repeatable(self.settings.threads):
            return torch.cat(
                [
                    probabilities(self.network, piece.to(device), self.views, shown).cpu()
                    for piece in torch.split(pixels_of(images, "images"), TEST_BATCH)
                ]
            )


def train(
    images: TensorLike | Dataset[Any],
    labels: TensorLike | None = None,
    *,
    is_synthetic: TensorLike | None = None,
    scores: TensorLike | None = None,
    true_labels: TensorLike | None = None,
    test: LabelledSource | None = None,
    validation: LabelledSource | None = None,
    classes: int | None = None,
    mean: Colour | None = None,
    std: Colour | None = None,
    method: MethodName = "sau",
    options: Mapping[str, Any] | None = None,
    backbone: str = "resnet32",
    width: int | None = None,
    epochs: int = 200,
    batch_size: int = 128,
    learning_rate: float = 0.01,
    weight_decay: float = 5e-3,
    seed: int = 0,
    device: str | torch.device = "cpu",
    record: Callable[[int, str, float], None] | None = None,
    **more: Any,
) -> TrainingResult:
    """Train a network for a long tail, as the training stage of the pipeline does it.

    Same arguments, same bytes, on one machine. The defaults are the paper's for CIFAR, but for the
    width (64 there).

    Args:
        images: uint8 (N, 3, H, W), 0 to 255, or float, 0 to 1 (rounded to 8 bits); or a `Dataset`
            with a length, of items (image, label) or (image, label, is_synthetic), which is read as
            a whole first. Views and normalisation are made here.
        labels: integers (N,), 0 to C - 1; None with a `Dataset`.
        is_synthetic: bool (N,), which images are generated; None: what the `Dataset` says, or none.
        scores: float (N,), of the synthetic images, for methods that weigh them.
        true_labels: integers (N,), what the images truly show, to measure label correction by, and
            for nothing else; None: nobody knows.
        test: images with labels, or a `Dataset`, classified after each epoch; None: nothing is.
        validation: likewise, to choose an epoch by; needs `test`.
        classes: C; None: the highest label plus 1.
        mean: of each colour channel, 0 to 1, to normalise with; None: that of the images, or of a
            pretrained backbone.
        std: the standard deviation, above 0, likewise.
        method: one of `sau.method_names()`.
        options: of the method, by name; the paper's for those left out.
        backbone: such as resnet32, or torchvision's resnet18, resnet50 and resnext50_32x4d, or
            `timm/NAME` or `open_clip/NAME`, which `pretrained` gives weights.
        width: channels of its first blocks; None: 16, or 64 for torchvision's.
        epochs: passes over the images.
        batch_size: images of a batch.
        learning_rate: of SGD at the start.
        weight_decay: of SGD, on all parameters.
        seed: of weights, order and views.
        device: such as `cpu` or `cuda:0`.
        record: called with epoch, name and value of each quantity of the history.
        **more: other settings of training by name, such as `pretrained`, `input_size`, `freeze`,
            `optimizer`, `lora_rank`, `view_set`, `precision`, `second_stage`, `threads` (CPU
            threads, 1 if not given); see `TrainingSettings`.

    Raises:
        ValueError: an argument that does not fit; the message begins with its name.
        TypeError: an argument that there is not.
    """
    values = {
        "method": method,
        "options": dict(options or {}),
        "backbone": backbone,
        "width": width,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
    }
    _refuse_unknown(more)
    place = device_of(device)
    rows = training_rows(images, labels, is_synthetic)
    has_synthetic = rows.is_synthetic is not None and bool(rows.is_synthetic.any())
    data_name = "balanced" if has_synthetic else "real"
    settings = TrainingSettings(
        **{"data": data_name, **values, **more, "device": place.type, "decode": "ahead"}
    )
    settings.check_idle(more)
    _refuse_two_normalisations(settings, mean, std)
    _refuse_compile(settings, place)
    data = run_data(
        rows,
        scores=scores,
        true_labels=true_labels,
        test=test,
        validation=validation,
        classes=classes,
        mean=mean,
        std=std,
        device=place,
    )
    with repeatable(settings.threads):
        run = build_run(data, settings, seed=seed)
        state = RunState()
        loop.train(run, state, _save_nothing, record or _record_nothing, Stop())
    return _result(run, state)


def _refuse_unknown(more: Mapping[str, Any]) -> None:
    known = set(TrainingSettings.model_fields) - NOT_HERE - {"device"}
    for name in more:
        if name not in known:
            question = did_you_mean(name, sorted(known))
            raise TypeError(f"train() has no argument {name!r}" + f" ({question})" * bool(question))


def _refuse_compile(settings: TrainingSettings, device: torch.device) -> None:
    if settings.compile == "off":
        return
    try:
        check_compiler(device, settings.compile, "train")
    except UserError as error:
        raise ValueError(str(error).replace("train.", "")) from error


def _refuse_two_normalisations(
    settings: TrainingSettings, mean: Colour | None, std: Colour | None
) -> None:
    given = [name for name, value in {"mean": mean, "std": std}.items() if value is not None]
    if given and settings.starts_pretrained():
        raise ValueError(
            f"{given[0]}: given, but a pretrained backbone wants its own; leave it out"
        )


def _result(run: loop.Run, state: RunState) -> TrainingResult:
    history: dict[str, dict[int, float]] = {}
    for epoch, name, value in state.history:
        history.setdefault(name, {})[epoch] = value
    return TrainingResult(
        network=run.averager.tested().eval(),
        history=history,
        predictions=state.last,
        best_on_validation=state.best_on_validation,
        label_correction=state.label_correction,
        views=run.views,
        settings=run.settings,
        seed=run.seed,
    )


def _save_nothing(state: RunState) -> None:
    """Keep no checkpoint."""
    del state


def _record_nothing(epoch: int, name: str, value: float) -> None:
    """Leave the history to the result."""
    del epoch, name, value
