"""Whether a trained network has seen no real image but this run's training images."""

from collections.abc import Sequence
from pathlib import Path

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.storage.manifest.reading import read_record


def check_trained_on(
    network: TrainedModel, train_images: Path, class_names: Sequence[str], key: str
) -> None:
    """Refuse a network that may have learnt from the test images, by the record of its making.

    Its images must be those of `train_images`: the dataset stage keeps the test images out of
    them. Of another cut of the same data, such as another fold, they may be test images here.

    Args:
        network: as the training stage wrote it.
        train_images: manifest of the real training images of this run.
        class_names: of this run, in label order.
        key: the setting that names the network, for messages.

    Raises:
        UserError: other images, other classes, or nobody knows.
    """
    where = f"{key}: {network.folder}"
    if network.class_names != list(class_names):
        raise UserError(
            f"{where}: its classes are others, or in another order, than those of {train_images}; "
            "train one on this data set"
        )
    made = network.provenance
    seen = made.get("inputs", {}).get("train_images", [])
    if not seen:
        raise UserError(
            f"{where}: nothing says which images it was trained on, so it may know the test "
            "images; name a folder that the training stage wrote"
        )
    record = read_record(train_images)
    whole = record.provenance.get("selected_from", record.content_sha256)
    if not set(seen) <= {record.content_sha256, whole}:
        raise UserError(
            f"{where}: trained on other images than those of {train_images}, by the hashes that "
            "both record, so it may know the test images; train one on these"
        )
    if "start_from" in made:
        raise UserError(
            f"{where}: its training began with another trained network (training.start_from), of "
            "which it does not record the images, so it may know the test images; name one that "
            "began with random or published weights"
        )
