"""Images whose classes are known: in a folder for each class, or in a table with labels."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from sau.sources.known_classes import known_labels_in, list_known_folders
from sau.sources.record import Payload, Rows
from sau.tools.predict.inputs import TABLE, ImageList, list_images

_KEY = "FOLDER"


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Images in their order, with the label of each, int64 (N,)."""

    images: ImageList
    labels: Rows


def list_labelled(
    source: Path, class_names: Sequence[str], image_column: str, label_column: str
) -> Labelled:
    """List images with their labels; no image is read yet.

    Args:
        source: a folder with a folder for each class, or a Parquet table.
        class_names: of the model, in label order.
        image_column: of a table.
        label_column: of a table: names of classes, or indices.

    Raises:
        UserError: no such folder or table, no image, or a class that the model does not know.
    """
    if source.suffix.lower() == TABLE and not source.is_dir():
        labels = known_labels_in(source, label_column, class_names, _KEY)
        return Labelled(list_images([source], image_column), labels)
    listing = list_known_folders(source, class_names, str(source), _KEY)
    return Labelled(
        ImageList(
            listing.ids, lambda: (Payload(each.data, each.path) for each in listing.records())
        ),
        listing.labels,
    )
