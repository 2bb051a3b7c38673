"""The pictures of a shard, and which rows of earlier tables show them already."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from sau.pipeline.images.rows import Task
from sau.pipeline.images.settings import GENERATOR_KEYS, ImagesSettings
from sau.storage.sealed import hash_of_json

_FILES = ("model", "revision", "upsampler", "lora", "embedding")
"""Settings that name files, which count by what they hold, wherever that is: see `weights`."""

_KEYS = (*(key for key in GENERATOR_KEYS if key not in _FILES), "image_size", "device", "threads")
"""Settings that a picture depends on, beside those files and what is its own."""

_OWN = ("prompt", "seed", "guide", "guide_sha256")
"""What a picture depends on that is its own."""

Row = Mapping[str, Any]


def identity_of_pictures(
    settings: ImagesSettings,
    weights: Mapping[str, str],
    made: Mapping[str, Any],
    words: Sequence[str] = (),
) -> str:
    """Return a hash of all that pictures depend on, but for each one's prompt, seed and guide.

    Args:
        settings: of a class.
        weights: digests of all files of its generator, and of the class's own.
        made: provenance of the shard, for its code and library versions.
        words: what prompts call its classes; they count where an embedding stands in their place.
    """
    facts = {
        "settings": {key: getattr(settings, key) for key in _KEYS}
        | ({} if settings.lora else {"lora_scale": 1.0}),
        "weights": dict(weights),
        "code": made["code"],
        "versions": made["versions"],
    } | ({"words": list(words)} if settings.embedding else {})
    return hash_of_json(facts)


class Wanted:
    """The pictures of a shard by what they depend on: their tasks, and how they are drawn."""

    def __init__(self, tasks: Iterable[Task], drawn_as: Mapping[int, str]) -> None:
        """Args: the pictures, and by label the hash that `identity_of_pictures` returns."""
        self._drawn_as = dict(drawn_as)
        self._tasks = {task.id: task for task in tasks}

    def ids(self) -> set[str]:
        """Return the ids of the pictures."""
        return set(self._tasks)

    def drawn_as(self, label: int) -> str:
        """Return the hash of how pictures of a class are drawn."""
        return self._drawn_as[label]

    def without(self, ids: set[str]) -> "Wanted":
        """Return the pictures but for some."""
        left = (task for name, task in self._tasks.items() if name not in ids)
        return Wanted(left, self._drawn_as)

    def ids_in(self, rows: Iterable[Row], drawn_as: Callable[[Row], str | None]) -> list[str]:
        """Return the ids of those rows that show one of the pictures.

        Args:
            rows: of an images manifest, their `COLUMNS`.
            drawn_as: gives the hash of how a row was drawn; None if nobody knows.
        """
        return [row["id"] for row in rows if self._shows(row, drawn_as)]

    def with_labels(self, rows: pa.Table) -> pa.Table:
        """Return rows of the pictures with the labels of now: a class may have moved."""
        labels = [self._tasks[name].label for name in rows["id"].to_pylist()]
        place = rows.schema.get_field_index("label")
        return rows.set_column(place, rows.schema.field("label"), pa.array(labels, pa.int32()))

    def _shows(self, row: Row, drawn_as: Callable[[Row], str | None]) -> bool:
        task = self._tasks.get(row["id"])
        return (
            task is not None
            and all(row[name] == getattr(task, name) for name in _OWN)
            and drawn_as(row) == self._drawn_as[task.label]
        )
