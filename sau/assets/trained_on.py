"""Whether a trained network has seen no real image but the training images of this run."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.belonging import recorded_hashes
from sau.storage.manifest.reading import read_record


class RealImages(NamedTuple):
    """The real training images of a run: the file that speaks of them, for messages; their hashes,
    none where nobody has recorded them; and the names of their classes."""

    path: Path
    hashes: Collection[str]
    class_names: Sequence[str]

    @classmethod
    def of_images(cls, path: Path, class_names: Sequence[str]) -> Self:
        """Return those of a manifest of training images, all of them or a part.

        Raises:
            UserError: no such manifest.
        """
        record = read_record(path)
        whole = record.provenance.get("selected_from", record.content_sha256)
        return cls(path, {record.content_sha256, whole}, class_names)

    @classmethod
    def of_members(cls, path: Path, class_names: Sequence[str]) -> Self:
        """Return those that a manifest of members was made of.

        Raises:
            UserError: no such manifest.
        """
        made = manifest.read_metadata(path)["provenance"]
        return cls(path, recorded_hashes(made, "train_images"), class_names)


def check_trained_on(
    where: str, class_names: Sequence[str], made: Mapping[str, Any], real: RealImages
) -> None:
    """Refuse a network that may have learnt from the test images, by the record of its making.

    Its images must be those of the run: the dataset stage keeps the test images out of them. Of
    another cut of the same data, such as another fold, they may be test images here.

    Args:
        where: the setting that names the network, and its folder, for messages.
        class_names: of the network.
        made: its provenance.
        real: the images of this run; without hashes nothing is compared.

    Raises:
        UserError: other images, other classes, or nobody knows.
    """
    if list(class_names) != list(real.class_names):
        raise UserError(
            f"{where}: its classes are others, or in another order, than those of {real.path}; "
            "train one on this data set"
        )
    seen = made.get("inputs", {}).get("train_images", [])
    if not seen:
        raise UserError(
            f"{where}: nothing says which images it was trained on, so it may know the test "
            "images; name a folder that the training stage wrote"
        )
    if real.hashes and not set(seen) <= set(real.hashes):
        raise UserError(
            f"{where}: trained on other images than those of {real.path}, by the hashes that both "
            "record, so it may know the test images; train one on these"
        )
    if "start_from" in made:
        raise UserError(
            f"{where}: its training began with another trained network (training.start_from), of "
            "which it does not record the images, so it may know the test images; name one that "
            "began with random or published weights"
        )
