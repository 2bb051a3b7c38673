"""What identifies a training run: written by training, read by evaluation and reports."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from sau.core.errors import UserError

OF_DATA = (
    "dataset",
    "imbalance_factor",
    "requested_imbalance_factor",
    "data_seed",
    "class_names",
)
"""Fields that the manifests of images and members say already, under the same names."""

_OF_SETTINGS = ("label", "method", "backbone", "precision")
"""Fields that the provenance of predictions has no name for: it holds the settings."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The facts of one run, so that a table can be made from its metrics alone.

    A run that was started by hand lacks the names of data set, row and classes, and the hashes.

    Attributes:
        dataset: its name.
        run: the method's row in the configuration.
        label: what tables call the row.
        method: what was trained.
        data: balanced where any phase of training has synthetic images, else real.
        imbalance_factor: the one that was applied, the requested one or what it was capped at; of
            data as it is, N_max / N_min. Not a number where the members do not say.
        requested_imbalance_factor: the text of the configuration.
        data_seed: of the long tail and its complement.
        seed: of weights, order and views.
        backbone: of the network.
        width: channels of its first stage.
        parameters: of the network that is tested.
        parameters_trained: of its training, heads included.
        epochs: of all phases of training.
        precision: of the forward passes, float32 or bfloat16; empty where a run does not say.
        operations: of its training, floating-point; see `sau.engine.operations`; 0 where unknown.
        class_names: in label order.
        recipe: hash of the training settings that results depend on.
        members_sha256: content hash of the members' manifests (see
            `sau.storage.manifest.hash_of`).
    """

    dataset: str = "unnamed"
    run: str = ""
    label: str = ""
    method: str
    data: str
    imbalance_factor: float = math.nan
    requested_imbalance_factor: str = ""
    data_seed: int = 0
    seed: int
    backbone: str
    width: int
    parameters: int
    parameters_trained: int
    epochs: int
    precision: str = ""
    operations: int = 0
    class_names: list[str] = dataclasses.field(default_factory=list)
    recipe: str = ""
    members_sha256: str = ""

    def for_predictions(self) -> dict[str, Any]:
        """Return what training adds to what its data and settings say, as JSON values."""
        facts = dataclasses.asdict(self)
        # The settings have an `epochs` too, of the first phase.
        facts["total_epochs"] = facts.pop("epochs")
        return {k: value for k, value in facts.items() if k not in (*OF_DATA, *_OF_SETTINGS)}

    @classmethod
    def of_predictions(cls, provenance: Mapping[str, Any], label: str = "") -> Self:
        """Read the record from the provenance of a run's predictions, of an early version too.

        `run` is made of method and data where there is none, `label` is `run` if it is empty, and
        the requested factor is the applied one where none was requested.

        Raises:
            UserError: a fact that distinguishes the run from others is missing.
        """
        settings = _need(provenance, "settings")
        method, data = str(_need(settings, "method")), str(_need(provenance, "data"))
        run = str(provenance.get("run") or f"{method}-{data}")
        factor = float(_need(provenance, "imbalance_factor"))
        requested = provenance.get("requested_imbalance_factor")
        return cls(
            dataset=str(provenance.get("dataset") or "unnamed"),
            run=run,
            label=row_label(label or run, settings),
            method=method,
            data=data,
            imbalance_factor=factor,
            requested_imbalance_factor=f"{factor:g}" if requested is None else str(requested),
            data_seed=int(provenance.get("data_seed") or 0),
            seed=int(_need(provenance, "seed")),
            backbone=str(_need(settings, "backbone")),
            width=int(_need({**settings, **provenance}, "width")),
            parameters=int(_need(provenance, "parameters")),
            parameters_trained=int(_need(provenance, "parameters_trained")),
            epochs=int(provenance.get("total_epochs") or _need(settings, "epochs")),
            precision=str(provenance.get("working_precision") or settings.get("precision") or ""),
            operations=int(provenance.get("operations") or 0),
            class_names=[str(name) for name in provenance.get("class_names") or []],
            recipe=str(provenance.get("recipe") or ""),
            members_sha256=str(provenance.get("members_sha256") or ""),
        )

    def for_metrics(self) -> dict[str, Any]:
        """Return the record as JSON values, all of it."""
        return dataclasses.asdict(self)

    @classmethod
    def of_metrics(cls, provenance: Mapping[str, Any], path: Path) -> Self:
        """Read what `for_metrics` wrote into the provenance of the metrics in `path`.

        Raises:
            UserError: a fact is missing.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        missing = [name for name in names if name not in provenance]
        if missing:
            raise UserError(
                f"{path}: provenance lacks {missing[0]!r}; run the evaluation stage again"
            )
        return cls(**{name: provenance[name] for name in names})


def row_label(label: str, settings: Mapping[str, Any]) -> str:
    """Return what tables call a row: its label, and in brackets which weights were tested, and how.

    Averaged weights and test-time augmentation change the figures without changing the method, so
    no table may leave them out.

    Args:
        label: name of the row in the configuration.
        settings: of the training run; a key that older runs lack counts as off.

    Returns: such as `SAU (EMA 0.999, flip)`; the label alone where all of it is off.
    """
    decay, first = settings.get("ema_decay"), settings.get("swa_from")
    marks = [f"EMA {decay:g}"] if decay else []
    if first:
        # A second phase starts from the first one's mean, and its own last weights are tested.
        handed_on = settings.get("second_stage") and first <= settings["epochs"]
        marks.append(f"{'first phase ' if handed_on else ''}SWA from {first}")
    # Runs of early versions have test_flip instead.
    shown = settings.get("test_views", "flip" if settings.get("test_flip") else "whole")
    marks += [] if shown == "whole" else [shown.replace("_", " ")]
    return f"{label} ({', '.join(marks)})" if marks else label


def _need(record: Mapping[str, Any], key: str) -> Any:
    if record.get(key) is None:
        raise UserError(
            f"the predictions' provenance lacks {key!r}; write them with the training stage"
        )
    return record[key]
