"""Which prompts the images of a shard are drawn from, in one round or several."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sau.core.errors import UserError
from sau.pipeline.images.beside import Beside
from sau.pipeline.images.shards import places_of_class
from sau.sources.naming import distinct_names

Indices = npt.NDArray[np.int64]


def rows_to_draw(
    labels: Indices,
    read: Callable[[Sequence[int]], Sequence[Mapping[str, Any]]],
    counts: Sequence[Mapping[str, Any]] | None,
    beside: Beside,
    class_names: Sequence[str],
    shard: int,
    shards: int,
) -> list[dict[str, Any]]:
    """Return a row of prompts for each image that a shard draws, class by class.

    It has one column more, `number`: of the image within its class, from 0.

    Without rounds each prompt is drawn once, in the order of the prompts, less those in whose
    place imported images stand. In a round a class's
    prompts take turns. From its second turn on, a prompt's id has the number of earlier turns at
    its end, so that its image has another id and seed. So the first images of a class are the same
    however many are drawn, and in however many rounds. Prompts of other shards are not read: of a
    million, a shard needs few.

    Args:
        labels: of all prompts, int64 (P,).
        read: returns the prompts at these places, in their order.
        counts: rows of a draws manifest; None without rounds.
        beside: the images that are imported; of no account in a round.
        class_names: in label order.
        shard: of the round, from 0.
        shards: of each round.

    Raises:
        UserError: a class without prompts is to be drawn, be it in another shard.
    """
    own = _rows_by_label(labels)
    keys = distinct_names(class_names)
    if counts is None:
        drawn = {label: beside.to_draw(label, len(rows)) for label, rows in own.items()}
        once = [{"label": label, "before": 0, "draws": drawn[label]} for label in drawn]
        pairs = sorted(_turns(once, own, keys, shard, shards))
    else:
        _refuse_without_prompts(counts, own)
        pairs = list(_turns(counts, own, keys, shard, shards))
    rows = read([row for row, _, _ in pairs])
    return [
        {**row, "id": f"{row['id']}.{turn}" if turn else row["id"], "number": number}
        for row, (_, turn, number) in zip(rows, pairs, strict=True)
    ]


def _rows_by_label(labels: Indices) -> dict[int, Indices]:
    """Return which rows of the prompts are of each class, in their order."""
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
    counts: Iterable[Mapping[str, Any]],
    own: Mapping[int, Indices],
    keys: Sequence[str],
    shard: int,
    shards: int,
) -> Iterator[tuple[int, int, int]]:
    """Yield of each image of a shard its prompt's row, that prompt's earlier turns, its number."""
    for count in counts:
        label, start = count["label"], count["before"]
        for place in places_of_class(keys[label], start, start + count["draws"], shard, shards):
            turn, prompt = divmod(place, len(own[label]))
            yield int(own[label][prompt]), turn, place
