"""Which prompts the images of a round are drawn from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sau.core.errors import UserError

Indices = npt.NDArray[np.int64]


def images_of(counts: Iterable[Mapping[str, Any]]) -> int:
    """Return how many images the rows of a draws manifest ask for."""
    return sum(count["draws"] for count in counts)


def rows_to_draw(
    prompts: pa.Table, counts: Sequence[Mapping[str, Any]], start: int, stop: int
) -> list[dict[str, Any]]:
    """Return a row of prompts for each image of a part of a round, class by class.

    A class's prompts take turns. From its second turn on, a prompt's id has the number of earlier
    turns at its end, so that its image has another id and seed. So the first images of a class
    are the same however many are drawn, and in however many rounds. Prompts of other parts stay
    the columns that they are: of a million, a shard needs few.

    Args:
        prompts: a prompts manifest.
        counts: rows of a draws manifest.
        start: the first image of the part, counted through all classes from 0.
        stop: the image after its last.

    Raises:
        UserError: a class without prompts is to be drawn, be it in another part.
    """
    own = _rows_by_label(prompts)
    _refuse_without_prompts(counts, own)
    pairs = list(_turns(counts, own, start, stop))
    rows = prompts.take(pa.array([row for row, _ in pairs], pa.int64())).to_pylist()
    return [
        {**row, "id": f"{row['id']}.{turn}" if turn else row["id"]}
        for row, (_, turn) in zip(rows, pairs, strict=True)
    ]


def _rows_by_label(prompts: pa.Table) -> dict[int, Indices]:
    """Return which rows of the prompts are of each class, in their order."""
    labels = prompts["label"].to_numpy()
    order = np.argsort(labels, kind="stable")
    found = zip(*np.unique(labels[order], return_index=True, return_counts=True), strict=True)
    return {int(label): order[start : start + count] for label, start, count in found}


def _refuse_without_prompts(
    counts: Iterable[Mapping[str, Any]], own: Mapping[int, Indices]
) -> None:
    for count in counts:
        if count["draws"] and count["label"] not in own:
            raise UserError(
                f"--prompts: class {count['label']} has none, but {count['draws']} images of it "
                "are to be drawn; give the prompts that --draws was counted for"
            )


def _turns(
    counts: Iterable[Mapping[str, Any]], own: Mapping[int, Indices], start: int, stop: int
) -> Iterator[tuple[int, int]]:
    """Yield the row of its prompt, and that prompt's earlier turns, of each image of a part."""
    begin = 0
    for count in counts:
        first, last = max(start - begin, 0), min(stop - begin, count["draws"])
        for place in range(count["before"] + first, count["before"] + last):
            turn, prompt = divmod(place, len(own[count["label"]]))
            yield int(own[count["label"]][prompt]), turn
        begin += count["draws"]
