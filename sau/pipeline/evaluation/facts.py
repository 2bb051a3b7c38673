"""What identifies a training run, read from the provenance of its predictions."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sau.core.errors import UserError


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """The facts of one run that its metrics carry on, so that a table can be made from them alone.

    `run` is the method's row in the configuration, `label` what tables call it. `data` is balanced
    where any phase of training has synthetic images. `imbalance_factor` is the one that was
    applied, the requested one or what it was capped at; of data as it is, N_max / N_min.
    `requested_imbalance_factor` is the text of the configuration. `parameters` are those of the
    network that is tested, `parameters_trained` those of its training, heads included. `recipe` is
    the hash of the training settings that results depend on, `members_sha256` the content hash of
    the members' manifests (see `sau.storage.manifest.hash_of`).
    """

    dataset: str
    run: str
    label: str
    method: str
    data: str
    imbalance_factor: float
    requested_imbalance_factor: str
    data_seed: int
    seed: int
    backbone: str
    width: int
    parameters: int
    parameters_trained: int
    epochs: int
    class_names: list[str]
    recipe: str
    members_sha256: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the facts as JSON values, in the order in which they are declared."""
        return dataclasses.asdict(self)


def run_facts(provenance: Mapping[str, Any], label: str = "") -> RunFacts:
    """Read a run's facts from the provenance of its predictions.

    A run started by hand needs no names: `run` is then made of method and data, `label` is `run`,
    the requested factor is the applied one; class names, recipe and the members' hash are empty.

    Raises:
        UserError: a fact without which the run cannot be told from others is missing.
    """
    settings = _need(provenance, "settings")
    method, data = str(_need(settings, "method")), str(_need(provenance, "data"))
    run = str(provenance.get("run") or f"{method}-{data}")
    factor = float(_need(provenance, "imbalance_factor"))
    requested = provenance.get("requested_imbalance_factor")
    return RunFacts(
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
        width=int(provenance.get("width") or _need(settings, "width")),
        parameters=int(_need(provenance, "parameters")),
        parameters_trained=int(_need(provenance, "parameters_trained")),
        epochs=int(provenance.get("total_epochs") or _need(settings, "epochs")),
        class_names=[str(name) for name in provenance.get("class_names") or []],
        recipe=str(provenance.get("recipe") or ""),
        members_sha256=str(provenance.get("members_sha256") or ""),
    )


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
    marks += ["flip"] if settings.get("test_flip") else []
    return f"{label} ({', '.join(marks)})" if marks else label


def _need(record: Mapping[str, Any], key: str) -> Any:
    if record.get(key) is None:
        raise UserError(
            f"the predictions' provenance lacks {key!r}; write them with the training stage"
        )
    return record[key]
