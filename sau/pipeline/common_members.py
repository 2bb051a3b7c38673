"""Real training images that are trained on in every run: what images are drawn or learned from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sau.core.errors import UserError
from sau.storage import manifest


def common_members(
    tails: Sequence[Path], labels: Sequence[int], class_names: Sequence[str], wanted_by: str
) -> dict[int, list[str]]:
    """Return the training images of some classes that are in all tails, sorted by id.

    An image that any tail leaves out, or holds out for validation, is not among them.

    Args:
        tails: manifests of members, as the subset stage wrote them.
        labels: of the classes; if there are none, nothing is read.
        class_names: in label order.
        wanted_by: setting and value, for messages.

    Raises:
        UserError: no tails, members that are no whole tail of real training images, or a class
            without a single image that is in all of them.
    """
    if not labels:
        return {}
    if not tails:
        raise UserError(
            f"--tails: missing, but {wanted_by} takes their members; give real.parquet of the "
            "subset stage, for each imbalance factor and data seed"
        )
    each = [_members_of(path, class_names, wanted_by) for path in tails]
    common = {
        label: sorted(set.intersection(*(members[label] for members in each))) for label in labels
    }
    empty = [label for label in labels if not common[label]]
    refuse_without_member(empty, class_names, len(tails), wanted_by)
    return common


def refuse_without_member(
    labels: Sequence[int], class_names: Sequence[str], tails: int, wanted_by: str
) -> None:
    """Refuse classes without an image that is in all tails.

    Args:
        labels: of these classes; none of them: nothing is refused.
        class_names: in label order.
        tails: how many there are.
        wanted_by: setting and value, for the message.

    Raises:
        UserError: there are such classes.
    """
    if labels:
        more = f", nor of {len(labels) - 1} more," if len(labels) > 1 else ""
        raise UserError(
            f"{wanted_by}, but no image of class {class_names[labels[0]]!r}{more} is in all "
            f"{tails} tails of the run; run fewer data seeds or imbalance factors at once, each "
            "into results of its own"
        )


def _members_of(path: Path, class_names: Sequence[str], wanted_by: str) -> list[set[str]]:
    """Return the ids of a tail's members, class by class."""
    counts = manifest.read_facts(path, "members", "real_counts")["real_counts"]
    table = manifest.read(path, "members", columns=["id", "label", "is_synthetic"])
    manifest.check_labels(path, table["label"], class_names)
    labels = table["label"].to_numpy()
    found = np.bincount(labels, minlength=len(class_names)).tolist()
    if any(table["is_synthetic"].to_pylist()) or found != counts:
        raise UserError(
            f"{path}: not the real training images of one tail, which {wanted_by} wants; give "
            "real.parquet of the subset stage"
        )
    ids = np.asarray(table["id"].to_pylist(), dtype=object)
    return [set(ids[labels == label]) for label in range(len(class_names))]
