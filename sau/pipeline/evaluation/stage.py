"""The evaluation stage: predictions and training-set members in, metrics out."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.pipeline.evaluation.metrics import metrics_table
from sau.pipeline.evaluation.settings import EvaluationSettings
from sau.pipeline.run_record import RunRecord
from sau.storage.belonging import Agree, check_inputs
from sau.storage.manifest import hash_of, read, read_metadata, write
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

BELONGING = (Agree(("requested_imbalance_factor", "data_seed"), ("predictions", "members")),)


OF_IMAGES = ("selection", "label", "predicted", "confidence", "label_probability")
"""Columns of the predictions that figures are made of."""


@writes("metrics")
def evaluation(
    predictions: Path,
    members: list[Path],
    metrics: Path,
    *,
    settings: EvaluationSettings,
    label: str = "",
) -> None:
    """Measure one run over all, many-, medium- and few-shot and single classes.

    Args:
        predictions: manifest of predictions, as the training stage wrote it.
        members: manifests of the training set's members, those that the run was given: the real
            ones, and their complement if it trained on the balanced set.
        metrics: manifest of metrics to write; its provenance holds the run's record.
        settings: the bounds of the splits.
        label: what tables call the run; its key in the configuration if empty.

    Raises:
        UserError: a manifest that is missing, of another kind, or of another training set.
    """
    record = RunRecord.of_predictions(read_metadata(predictions)["provenance"], label)
    inputs: dict[str, Path | Sequence[Path]] = {"predictions": predictions, "members": members}
    _refuse_other_members(members, record)
    check_inputs(inputs, *BELONGING)
    tested = read(predictions, "predictions", columns=OF_IMAGES)
    trained = read(members, "members", columns=["label", "is_synthetic"])
    table = metrics_table(
        tested,
        trained,
        len(record.class_names) or _highest_label(tested, trained) + 1,
        many_above=settings.many_above,
        few_at_most=settings.few_at_most,
    )
    write(
        metrics,
        "metrics",
        table,
        provenance("evaluation", settings, inputs, **record.for_metrics()),
    )


def _refuse_other_members(members: Sequence[Path], record: RunRecord) -> None:
    found = hash_of(members)
    if record.members_sha256 not in ("", found):
        paths = ", ".join(str(path) for path in members)
        raise UserError(
            f"--members {paths}: content hash {found[:12]}, but run {record.run!r} was trained on "
            f"{record.members_sha256[:12]}; evaluate it with the members that it was trained on"
        )


def _highest_label(*tables: pa.Table) -> int:
    return max(int(pc.max(table["label"]).as_py()) for table in tables if table.num_rows)
