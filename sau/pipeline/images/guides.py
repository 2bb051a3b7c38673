"""Real training images that synthetic ones start from: which, and how they look."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.pipeline.common_members import common_members
from sau.pipeline.images.rows import Task
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.decode import bytes_of, decode
from sau.sources.naming import distinct_names
from sau.storage import manifest


class Guides:
    """The training images that the pictures of guided classes start from."""

    def __init__(self, train_images: Path, members: Mapping[int, Sequence[str]]) -> None:
        """Args: manifest of the real training images, and ids of each guided class's guides."""
        self._train_images = train_images
        self._members = members

    def given_to(self, tasks: Sequence[Task], class_names: Sequence[str], seed: int) -> list[Task]:
        """Return the tasks, those of guided classes with the id and the hash of their guides.

        Args:
            tasks: in any order.
            class_names: in label order.
            seed: of the images.
        """
        keys = distinct_names(class_names)
        chosen = {
            task.id: guide_of(self._members[task.label], keys[task.label], task.number, seed)
            for task in tasks
            if task.label in self._members
        }
        hashes = self._hashes(set(chosen.values()))
        return [
            replace(task, guide=chosen[task.id], guide_sha256=hashes[chosen[task.id]])
            if task.id in chosen
            else task
            for task in tasks
        ]

    def pictures(self, tasks: Sequence[Task]) -> list[Image.Image] | None:
        """Return the guide of each task, RGB; None for tasks of a class that has none.

        Raises:
            UserError: a guide is not the image that it was.
        """
        wanted = [task.guide for task in tasks if task.guide is not None]
        if not wanted:
            return None
        encoded = self._bytes(wanted)
        for task in tasks:
            if hashlib.sha256(encoded[str(task.guide)]).hexdigest() != task.guide_sha256:
                raise UserError(
                    f"{self._train_images}: image {task.guide!r} changed while images were drawn "
                    "from it; run the images stage again"
                )
        return [decode(encoded[name])[0] for name in wanted]

    def _hashes(self, ids: set[str]) -> dict[str, str]:
        """Return the SHA-256 of each image's bytes, with one row group in memory at a time."""
        found: dict[str, str] = {}
        if ids:
            for group in manifest.read_groups(
                self._train_images, "images", columns=["id", "image"]
            ):
                names = group["id"].to_pylist()
                for place in (place for place, name in enumerate(names) if name in ids):
                    image = group["image"][place].as_py()
                    data = bytes_of(image["bytes"], image["path"])
                    found[names[place]] = hashlib.sha256(data).hexdigest()
        absent = ids - set(found)
        if absent:
            raise UserError(
                f"{self._train_images}: no image {min(absent)!r}, which is a member of the tails; "
                "run the subset stage again"
            )
        return found

    def _bytes(self, ids: Sequence[str]) -> dict[str, bytes]:
        rows = manifest.read_rows([self._train_images], "images", ids, columns=["id", "image"])
        return {
            name: bytes_of(row["image"]["bytes"], row["image"]["path"])
            for name, row in rows.items()
        }


def guides_in(
    train_images: Path,
    tails: Sequence[Path],
    by_label: Mapping[int, ImagesSettings],
    class_names: Sequence[str],
) -> Guides:
    """Return the guides of those classes that have some; see `common_members`."""
    guided = [label for label, one in by_label.items() if one.guide == "real"]
    return Guides(train_images, common_members(tails, guided, class_names, "images.guide: real"))


def guide_of(members: Sequence[str], key: str, number: int, seed: int) -> str:
    """Return which of a class's members a picture starts from.

    The members take turns: each is the guide of one picture before any is that of a second one.
    Every turn has an order of its own, so that a guide does not always meet the same text.

    Args:
        members: ids of the class's guides, at least one.
        key: the class's name, unlike that of any other class.
        number: of the picture within its class, from 0.
        seed: of the images.
    """
    turn, place = divmod(number, len(members))
    order = numpy_generator("guides", seed, key, turn).permutation(len(members))
    return members[int(order[place])]
