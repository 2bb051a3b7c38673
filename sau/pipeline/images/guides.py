"""Real training images that synthetic ones start from: which, and how they look."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from sau.core.random_streams import numpy_generator
from sau.pipeline.common_members import common_members
from sau.pipeline.encoded_images import EncodedImages
from sau.pipeline.images.rows import Task
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.decode import decode
from sau.sources.naming import distinct_names


class Guides:
    """The training images that the pictures of guided classes start from.

    Those of a shard are read once, and wait on the disk.
    """

    def __init__(
        self, train_images: Path, members: Mapping[int, Sequence[str]], spool_in: Path
    ) -> None:
        """Choose where guides come from; none is read yet.

        Args:
            train_images: manifest of the real training images.
            members: ids of each guided class's guides.
            spool_in: a folder on a disk with room for the guides of a shard.
        """
        self._train_images = train_images
        self._members = members
        self._spool_in = spool_in
        self._images: EncodedImages | None = None

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
        if not chosen:
            return list(tasks)
        images = EncodedImages(self._train_images, set(chosen.values()), self._spool_in)
        self._images = images
        return [
            replace(task, guide=chosen[task.id], guide_sha256=images.sha256[chosen[task.id]])
            if task.id in chosen
            else task
            for task in tasks
        ]

    def pictures(self, tasks: Sequence[Task]) -> list[Image.Image] | None:
        """Return the guide of each task that `given_to` gave one, RGB; None if they have none."""
        wanted = [task.guide for task in tasks if task.guide is not None]
        if not wanted:
            return None
        assert self._images is not None, "guides are given to tasks first"
        return [decode(self._images.data(name))[0] for name in wanted]


def guides_in(
    train_images: Path,
    tails: Sequence[Path],
    by_label: Mapping[int, ImagesSettings],
    class_names: Sequence[str],
    spool_in: Path,
) -> Guides:
    """Return the guides of those classes that have some; see `common_members`."""
    guided = [label for label, one in by_label.items() if one.guide == "real"]
    members = common_members(tails, guided, class_names, "images.guide: real")
    return Guides(train_images, members, spool_in)


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
