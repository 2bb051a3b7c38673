"""Where the numbers come from: settings, seeds and versions of every stage before."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sau.pipeline.report.runs import Run

Listing = tuple[str, str]
"""A heading, and lines of `key: value` under it."""


def settings_of(
    inputs: Mapping[str, Mapping[str, Any]], runs: Sequence[Run], report: Mapping[str, Any]
) -> list[Listing]:
    """List the settings of each stage, and of each method row with its seeds.

    Args:
        inputs: provenance of the manifests that all runs share, by the name of the stage.
        runs: all runs of the report.
        report: the report's own settings.
    """
    listings = [(stage, _lines(made.get("settings", {}))) for stage, made in inputs.items()]
    lists = {made.get("stage", "subset"): made for run in runs for made in run.members_made}
    listings += [(stage, _lines(made.get("settings", {}))) for stage, made in lists.items()]
    for label in dict.fromkeys(run.record.label for run in runs):
        rows = [run for run in runs if run.record.label == label]
        seeds = ", ".join(f"{run.record.data_seed}/{run.record.seed}" for run in rows)
        lines = f"data seed/seed: {seeds}\n{_lines(rows[0].made.get('settings', {}))}"
        listings.append((f"training: {label}", lines))
    listings.append(("evaluation", _lines(runs[0].bounds)))
    listings.append(("report", _lines(report)))
    return [(stage, lines) for stage, lines in listings if lines]


def hashes_of(runs: Sequence[Run]) -> str:
    """List the content hashes of each run's training images and predictions."""
    return "\n".join(
        f"{run.record.label}, data seed/seed {run.record.data_seed}/{run.record.seed}: "
        f"members {run.record.members_sha256 or 'unknown'}, predictions {run.predictions_sha256}"
        for run in runs
    )


def versions_of(inputs: Mapping[str, Mapping[str, Any]], runs: Sequence[Run]) -> str:
    """List the versions of everything that made the inputs; several where they differ."""
    found: dict[str, set[str]] = {}
    lists = [made for run in runs for made in run.members_made]
    for made in [*inputs.values(), *lists, *(run.made for run in runs)]:
        code = made.get("code", {})
        if "sau" in code:
            found.setdefault("sau", set()).add(code["sau"])
        if "stage_digest" in code:
            name = f"code of {made.get('stage', 'a stage')}"
            found.setdefault(name, set()).add(code["stage_digest"])
        for name, version in made.get("versions", {}).items():
            found.setdefault(name, set()).add(version)
    return "\n".join(f"{name}: {', '.join(sorted(found[name]))}" for name in sorted(found))


def _lines(settings: Mapping[str, Any]) -> str:
    return "\n".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in settings.items())
