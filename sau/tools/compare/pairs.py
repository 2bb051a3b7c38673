"""Rows of two folders beside each other."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sau.metrics import Difference, paired_bootstrap, paired_over_seeds
from sau.tools.compare.read import Results, Row, SeedResult

UNKNOWN = frozenset({"", "unnamed"})
"""What a data set is called of which nobody has said the name."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """One row in both folders.

    first, second: top-1 of each run in percent; none where the folder lacks the row.
    difference: second minus first, over the seeds of both; None where they cannot be compared.
    why: the difference in words, or why there is none.
    settings: those that differ, such as `epochs: 12, 24`.
    """

    row: Row
    first: list[float]
    second: list[float]
    difference: Difference | None
    why: str
    settings: list[str]


def pairs_of(first: Results, second: Results) -> list[Pair]:
    """Return a pair for each row of either folder, in the first one's order."""
    rows = dict.fromkeys([*first, *second])
    return [_pair(row, first.get(row, {}), second.get(row, {})) for row in rows]


def _pair(row: Row, first: Mapping[str, SeedResult], second: Mapping[str, SeedResult]) -> Pair:
    shared = [seed for seed in first if seed in second]
    one, other = ([side[seed] for seed in shared] for side in (first, second))
    difference, why = _compared(one, other) if shared else (None, _alone(first, second))
    return Pair(
        row,
        [run.top1 for run in first.values()],
        [run.top1 for run in second.values()],
        difference,
        why,
        _differing(first, second),
    )


def _alone(first: Mapping[str, SeedResult], second: Mapping[str, SeedResult]) -> str:
    if first and second:
        return "no seed in both"
    return "only in the first" if first else "only in the second"


def _compared(
    first: Sequence[SeedResult], second: Sequence[SeedResult]
) -> tuple[Difference | None, str]:
    """Compare runs of the same seeds, image by image where both have answers."""
    answers = [[run.answers for run in side] for side in (first, second)]
    known = [[each for each in side if each is not None] for side in answers]
    if any(len(side) < len(first) for side in known):
        if others := _other_datasets(first[0].dataset, second[0].dataset):
            return None, others
        found = paired_over_seeds([run.top1 for run in second], [run.top1 for run in first])
        return found, str(found.verdict)
    ids = known[0][0].index
    if any(not each.index.equals(ids) for side in known for each in side):
        return None, "tested on other images"
    before, after = (np.stack([each.to_numpy() for each in side]) for side in known)
    found = paired_bootstrap(after, before)
    return found, str(found.verdict)


def _other_datasets(first: str, second: str) -> str:
    """Say that two data sets are not the same, by their names; empty where they may be."""
    if first == second or {first, second} & UNKNOWN:
        return ""
    return f"tested on other images: {_said(first)}, {_said(second)}"


def _differing(first: Mapping[str, SeedResult], second: Mapping[str, SeedResult]) -> list[str]:
    """Name the settings of a row that differ between the folders, by their first runs."""
    if not first or not second:
        return []
    one, other = (next(iter(side.values())).settings for side in (first, second))
    named = [name for name in one if name in other]
    differing = [name for name in named if one[name] != other[name]]
    return [f"{name}: {_said(one[name])}, {_said(other[name])}" for name in differing]


def _said(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
