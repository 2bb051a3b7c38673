"""Real training images that synthetic ones start from: which, and how they look."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
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
    return Guides(train_images, common_members(tails, by_label, class_names))


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


def common_members(
    tails: Sequence[Path], by_label: Mapping[int, ImagesSettings], class_names: Sequence[str]
) -> dict[int, list[str]]:
    """Return the training images of each guided class that are in all tails, sorted by id.

    An image that any tail leaves out, or holds out for validation, is not among them.

    Args:
        tails: manifests of members, as the subset stage wrote them.
        by_label: settings of each class.
        class_names: in label order.

    Raises:
        UserError: no tails, members that are no whole tail of real training images, or a class
            without a single image that is in all of them.
    """
    guided = [label for label, one in by_label.items() if one.guide == "real"]
    if not guided:
        return {}
    if not tails:
        raise UserError(
            "--tails: missing, but images.guide real draws from their members; give real.parquet "
            "of the subset stage, for each imbalance factor and data seed"
        )
    each = [_members_of(path, class_names) for path in tails]
    common = {
        label: sorted(set.intersection(*(members[label] for members in each))) for label in guided
    }
    refuse_without_guide([label for label in guided if not common[label]], class_names, len(tails))
    return common


def refuse_without_guide(labels: Sequence[int], class_names: Sequence[str], tails: int) -> None:
    """Refuse guided classes without an image that is in all tails.

    Args:
        labels: of these classes; none of them: nothing is refused.
        class_names: in label order.
        tails: how many there are.

    Raises:
        UserError: there are such classes.
    """
    if labels:
        more = f", nor of {len(labels) - 1} more," if len(labels) > 1 else ""
        raise UserError(
            f"images.guide: real, but no image of class {class_names[labels[0]]!r}{more} is in all "
            f"{tails} tails of the run; run fewer data seeds or imbalance factors at once, each "
            "into results of its own"
        )


def _members_of(path: Path, class_names: Sequence[str]) -> list[set[str]]:
    """Return the ids of a tail's members, class by class."""
    counts = manifest.read_facts(path, "members", "real_counts")["real_counts"]
    table = manifest.read(path, "members", columns=["id", "label", "is_synthetic"])
    manifest.check_labels(path, table["label"], class_names)
    labels = table["label"].to_numpy()
    found = np.bincount(labels, minlength=len(class_names)).tolist()
    if any(table["is_synthetic"].to_pylist()) or found != counts:
        raise UserError(
            f"{path}: not the real training images of one tail, which images.guide real wants; "
            "give real.parquet of the subset stage"
        )
    ids = np.asarray(table["id"].to_pylist(), dtype=object)
    return [set(ids[labels == label]) for label in range(len(class_names))]
