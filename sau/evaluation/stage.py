"""The evaluation stage: predictions and training-set members in, metrics out."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.errors import UserError
from sau.evaluation.facts import RunFacts, run_facts
from sau.evaluation.metrics import metrics_table
from sau.evaluation.settings import EvaluationSettings
from sau.manifest import read, read_metadata, write
from sau.provenance import provenance


def evaluation(
    predictions: Path,
    members: Path,
    metrics: Path,
    *,
    settings: EvaluationSettings,
    label: str = "",
) -> None:
    """Measure one run: top-1 in percent of all, many-, medium- and few-shot and single classes.

    Args:
        predictions: manifest of predictions, as the training stage wrote it.
        members: manifest of the training set's members that the run was given.
        metrics: manifest of metrics to write; its provenance holds the run's facts.
        settings: the bounds of the splits.
        label: what tables call the run; its key in the configuration if empty.

    Raises:
        UserError: a manifest that is missing, of another kind, or of another training set.
    """
    facts = run_facts(read_metadata(predictions)["provenance"], label)
    _refuse_other_members(members, facts)
    tested = read(predictions, "predictions", columns=["selection", "label", "predicted"])
    trained = read(members, "members", columns=["label", "is_synthetic"])
    if facts.data == "real":  # the manifest lists the balanced set, the run saw its real part
        trained = trained.filter(pc.invert(trained["is_synthetic"]))
    table = metrics_table(
        tested,
        trained,
        len(facts.class_names) or _highest_label(tested, trained) + 1,
        many_above=settings.many_above,
        few_at_most=settings.few_at_most,
    )
    inputs = {"predictions": predictions, "members": members}
    write(
        metrics,
        "metrics",
        table,
        provenance("evaluation", settings, inputs, **facts.to_mapping()),
    )


def _refuse_other_members(members: Path, facts: RunFacts) -> None:
    found = read_metadata(members)["content_sha256"]
    if facts.members_sha256 not in ("", found):
        raise UserError(
            f"{members}: content hash {found[:12]}, but run {facts.run!r} was trained on "
            f"{facts.members_sha256[:12]}; evaluate it with the members that it was trained on"
        )


def _highest_label(*tables: pa.Table) -> int:
    return max(int(pc.max(table["label"]).as_py()) for table in tables if table.num_rows)
