"""What the reader must know before the numbers: a name and a sentence each."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sau.pipeline.report.formats import number
from sau.pipeline.report.runs import MeasuredRun, Run

Statement = tuple[str, str]

_NAMED = 5
"""So many classes are named in a sentence; the rest are counted."""


def imbalance(run: MeasuredRun) -> Statement:
    """Say the imbalance factor, how it came about, and the largest and the smallest class."""
    effective = number(run.record.imbalance_factor)
    requested = str(run.record.requested_imbalance_factor)
    real = run.metrics.loc[run.metrics["split"] == "class", "train_real"]
    sizes = f"; classes of {number(real.max())} to {number(real.min())} real training images"
    return "Imbalance factor", effective + _how_it_came_about(run, requested) + sizes


def _how_it_came_about(run: MeasuredRun, requested: str) -> str:
    applied = run.record.imbalance_factor
    try:
        asked = float(requested)
    except ValueError:
        return f": the data as it is, nothing was cut (requested: {requested})"
    if number(asked) == number(applied):
        return ""
    if asked > applied:
        return f": {number(asked)} was requested and would have left a class empty"
    return f" ({number(asked)} was requested)"


def equal_factors(rows: pd.DataFrame) -> list[str]:
    """Say which requested imbalance factors came to the same effective one, such as capped ones.

    Args:
        rows: what `tables.run_rows` returns.

    Returns: for each effective factor with several requests, the words `100 and 200: 36`.
    """
    found = []
    for _, group in rows.groupby(["dataset", "imbalance_factor"], sort=False):
        requested = [str(name) for name in group["requested_imbalance_factor"].unique()]
        if len(requested) > 1:
            effective = number(group["imbalance_factor"].iloc[0])
            found.append(f"{', '.join(requested[:-1])} and {requested[-1]}: {effective}")
    return found


def runs_there(found: int, expected: int) -> Statement:
    """Say how many of the experiment's runs the page shows."""
    words = f"{number(found)} of {number(expected)}"
    return "Runs", words if found == expected else f"{words}; the others are missing"


def outdated(runs: Sequence[MeasuredRun]) -> Statement | None:
    """Say which runs are left out because their settings are not those of now; None of no runs."""
    if not runs:
        return None
    words = listed([_called(run) for run in runs], "runs")
    return "Outdated runs", (
        "left out, for they were trained or measured with other settings than the configuration "
        f"has now: {words}"
    )


def mixed_sets(runs: Sequence[MeasuredRun]) -> Statement | None:
    """Say which rows' seeds were trained on different images of one data seed; None if none were.

    So it is after a change of the data, before all runs have been trained again.
    """
    sets: dict[str, set[str]] = {}
    for run in runs:
        factor, data_seed = run.record.requested_imbalance_factor, run.record.data_seed
        name = f"{run.record.label} at factor {factor}, data seed {data_seed}"
        sets.setdefault(name, set()).add(run.record.members_sha256)
    mixed = [name for name, hashes in sets.items() if len(hashes) > 1]
    if not mixed:
        return None
    return "Mixed training sets", (
        f"means over seeds that were trained on different images: {listed(mixed, 'rows')}"
    )


def _called(run: MeasuredRun) -> str:
    """Name a run in a sentence."""
    place = f"factor {run.record.requested_imbalance_factor}, seed {run.record.seed}"
    return f"{run.record.label} at {place}"


def listed(names: Sequence[str], kind: str) -> str:
    """Name the first few, and count the others."""
    more = f"; and {len(names) - _NAMED} more {kind}" if len(names) > _NAMED else ""
    return "; ".join(names[:_NAMED]) + more


def bounds(run: MeasuredRun) -> Statement:
    """Say which classes are many-, medium- and few-shot."""
    many, few = run.bounds["many_above"], run.bounds["few_at_most"]
    return "Splits", (
        f"by real training images of a class: many: more than {many}; "
        f"medium: {few + 1} to {many}; few: {few} or fewer"
    )


def training_sets(counts: pd.DataFrame) -> list[Statement]:
    """Say how large each training set is.

    Args:
        counts: what `tables.class_counts` returns.
    """
    statements = []
    keys = ["members", "data_seed", "has_complement"]
    for (_, data_seed, has_complement), rows in counts.groupby(keys, sort=False):
        name = "Training set"
        if counts["data_seed"].nunique() > 1:
            name += f", data seed {data_seed}"
        words = f"{number(rows['real'].sum())} real"
        if has_complement:
            words += f" and {number(rows['synthetic'].sum())} synthetic"
        statements.append((name, f"{words} images"))
    return statements


def validation(run: Run) -> Statement | None:
    """Say how many real images are held out of training; None where there are none."""
    held = sum(run.members_made[0].get("validation_counts", []))
    if not held:
        return None
    return "Validation images", (
        f"{number(held)} real images of the long tail, held out of training to choose an epoch by: "
        "that with the best top-1 on them, mean over classes"
    )


def shortage(counts: pd.DataFrame, class_names: Sequence[str]) -> Statement | None:
    """Say which classes the synthetic images do not fill, where they should; None if all are full.

    Args:
        counts: what `tables.class_counts` returns.
        class_names: in label order.
    """
    counts = counts[counts["has_complement"]]
    total = counts["real"] + counts["synthetic"]
    lacking = (total.groupby(counts["members"]).transform("max") - total).to_numpy()
    worst = pd.Series(lacking).groupby(counts["label"].to_numpy()).max()
    worst = worst[worst > 0].sort_values(ascending=False, kind="stable")
    if worst.empty:
        return None
    named = [f"{class_names[int(str(label))]} lacks {n}" for label, n in worst.items()]
    words = listed(named, "classes")
    return "Synthetic shortage", f"too few kept images to fill every class: {words}"


def unreadable_images(
    name: str, statuses: pd.Series, split: str, left_out: str
) -> Statement | None:
    """Say how many of the dataset's images could not be read; None if all could.

    Args:
        name: of the statement.
        statuses: of the split's images: ok or failed.
        split: train or test.
        left_out: what is therefore done without them, such as `no run trains on them`.
    """
    failed = int((statuses == "failed").sum())
    if not failed:
        return None
    words = f"{number(failed)} of {number(len(statuses))} could not be read; {left_out}"
    return name, f"{words} (column `reason` of dataset/{split}.parquet)"


def synthetic_images(kept: pd.DataFrame, statuses: pd.Series) -> list[Statement]:
    """Say how many images were generated, failed and were kept, and whether they were scored.

    Args:
        kept: columns score and kept.
        statuses: of the synthetic images: ok or failed.
    """
    if statuses.empty:
        return [("Synthetic images", "none")]
    failed, total = int((statuses == "failed").sum()), number(len(statuses))
    words = f"{total} made, {number(failed)} failed, {number(kept['kept'].sum())} kept"
    statements = [("Synthetic images", words)]
    if kept["kept"].any() and kept["score"].isna().all():
        statements.append(("Scores", "no scorer configured: no image is rejected by its score"))
    return statements


def leak_check(facts: Mapping[str, Any]) -> Statement:
    """Say how many synthetic images are near a real test image, and how that was looked for.

    Args:
        facts: `leak` of the kept images' manifest, as the filter stage wrote it.
    """
    if facts["mode"] == "off":
        return "Leak check", "off: no synthetic image was compared with the real test images"
    found, tests = number(facts["found"]), number(facts["test_images"])
    words = [f"{found} synthetic images near one of {tests} real test images, {_done(facts)}"]
    doubts = [
        f"; {_doubt(measure)}" for measure in facts["measures"] if _is_doubted(facts, measure)
    ]
    for measure in facts["measures"]:
        found = f"{number(measure['found'])} of {number(measure['compared'])} compared"
        limit = f"limit {measure['limit']:g}"
        how = f"skipped: {measure['skipped']}" if measure["skipped"] else f"({limit}) {found}"
        words.append(f"by {measure['name']} {how}")
    return "Leak check", "; ".join(words) + "".join(doubts)


def _done(facts: Mapping[str, Any]) -> str:
    """Say what was done with the images that were found."""
    if facts["mode"] != "drop":
        return "reported only, so they may be trained on"
    doubted = [each["name"] for each in facts["measures"] if _is_doubted(facts, each)]
    if not doubted:
        return "dropped"
    others = [each for each in facts["measures"] if each["name"] not in doubted]
    if any(each["found"] for each in others):
        return "dropped if " + " or ".join(f"by {each['name']}" for each in others)
    return "none of them dropped, so they may be trained on"


def _is_doubted(facts: Mapping[str, Any], measure: Mapping[str, Any]) -> bool:
    return facts["mode"] == "drop" and not measure.get("drops", True)


def _doubt(measure: Mapping[str, Any]) -> str:
    """Say why a measure dropped nothing."""
    confused, compared = (number(measure[f"real_{what}"]) for what in ("confused", "compared"))
    return (
        f"by {measure['name']} nothing was dropped, as it cannot be trusted: {confused} of "
        f"{compared} real test images are as near to one of another class"
    )


def missing_figures(runs: Sequence[Run]) -> Statement | None:
    """Say why there is no heat map of noise, where no run corrects labels."""
    if any(not run.label_correction.empty for run in runs):
        return None
    return "Label correction", "none of these runs corrects labels"
