"""What identifies a training run, read from the provenance of its predictions."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sau.errors import UserError


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """The facts of one run that its metrics carry on, so that a table can be made from them alone.

    `run` is the method's row in the configuration, `label` what tables call it; `imbalance_factor`
    is the effective one, `requested_imbalance_factor` the text of the configuration.
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
    epochs: int
    class_names: list[str]
    members_sha256: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the facts as JSON values, in the order in which they are declared."""
        return dataclasses.asdict(self)


def run_facts(provenance: Mapping[str, Any], label: str = "") -> RunFacts:
    """Read a run's facts from the provenance of its predictions.

    A run started by hand needs no names: `run` is then made of method and data, `label` is `run`,
    the requested factor is the effective one, class names and the members' hash are empty.

    Raises:
        UserError: a fact without which the run cannot be told from others is missing.
    """
    settings = _need(provenance, "settings")
    method, data = str(_need(settings, "method")), str(_need(settings, "data"))
    run = str(provenance.get("run") or f"{method}-{data}")
    factor = float(_need(provenance, "imbalance_factor"))
    requested = provenance.get("requested_imbalance_factor")
    return RunFacts(
        dataset=str(provenance.get("dataset") or "unnamed"),
        run=run,
        label=label or run,
        method=method,
        data=data,
        imbalance_factor=factor,
        requested_imbalance_factor=f"{factor:g}" if requested is None else str(requested),
        data_seed=int(provenance.get("data_seed") or 0),
        seed=int(_need(provenance, "seed")),
        backbone=str(_need(settings, "backbone")),
        width=int(_need(settings, "width")),
        parameters=int(_need(provenance, "parameters")),
        epochs=int(_need(settings, "epochs")),
        class_names=[str(name) for name in provenance.get("class_names") or []],
        members_sha256=str(provenance.get("members_sha256") or ""),
    )


def _need(record: Mapping[str, Any], key: str) -> Any:
    if record.get(key) is None:
        raise UserError(
            f"the predictions' provenance lacks {key!r}; write them with the training stage"
        )
    return record[key]
