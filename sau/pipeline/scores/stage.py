"""The scores stage: one shard of images, measured and scored once for everything after."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.weights import weights_of
from sau.storage import manifest
from sau.storage.belonging import Agree, Split, check_inputs
from sau.storage.failures import report_failures
from sau.storage.manifest.schemas import STATUS_FAILED
from sau.storage.outputs import writes
from sau.storage.provenance import identity_of, provenance
from sau.storage.reuse import ReusableResults, reuse_folder

if TYPE_CHECKING:
    from sau.pipeline.scores.classifiers import Classifiers

_STORED = "scores"
"""What the second name of the output is called."""

_MEASURING: tuple[str, ...] = ("pillow", "imagehash", "scipy")
_CLASSIFYING = ("safetensors",)
_SCORING = ("torch", "open_clip_torch", "transformers")

BELONGING = (
    Split("train_images", "training"),
    Agree(("class_names",), ("images", "train_images")),
)

HANDED_ON = ("shard", "split")
"""Which of the images they are, as their own provenance has it."""


@writes("output")
def scores(
    images: Path,
    output: Path,
    *,
    train_images: Path | None = None,
    validation: list[Path] | None = None,
    settings: ScoresSettings,
) -> None:
    """Measure one shard of images, and score them with CLIP against their texts and all classes.

    Args:
        images: manifest of images: a shard of the synthetic ones, or the data set's.
        output: manifest of scores, one row for each image; decisions are made elsewhere.
        train_images: manifest of the real training images, of which no image is read: classifiers
            must have been trained on these, and so on no test image; needed if there are any.
        validation: manifests of the members that the run holds out; a classifier whose own run did
            not hold them out is warned of.
        settings: the section `scores`.

    Raises:
        UserError: no such manifest, device, model or weights, or a label that names no class; or
            classifiers that may know the test images, or are to classify these.
    """
    inputs = {"images": images} | ({"train_images": train_images} if train_images else {})
    check_inputs(inputs, *BELONGING)
    class_names = manifest.read_facts(images, "images", "class_names")["class_names"]
    made = manifest.read_metadata(images)["provenance"]
    rows = manifest.read(images, "images", columns=["id", "label", "prompt", "status", "reason"])
    manifest.check_labels(images, rows["label"], class_names)
    classifiers = None
    if settings.classifiers:
        from sau.assets.trained_on import RealImages
        from sau.pipeline.scores.classifiers import Classifiers

        path = _real_images(train_images, made.get("split"), images)
        real = RealImages.of_images(path, class_names)
        classifiers = Classifiers.load(settings.classifiers, real, validation or [])
    asked, libraries = classifiers is not None, _libraries(settings, classifiers)
    known = _known(made, class_names, settings, classifiers)
    record = provenance("scores", settings, inputs, libraries, asks_networks=asked, **known)
    stored = ReusableResults(reuse_folder(output), identity_of(record))
    if stored.holds():
        stored.take_back({_STORED: output})
        return
    table, said = _scored(images, rows, class_names, settings)
    if classifiers is not None:
        from sau.pipeline.scores.classifiers import with_columns

        table = with_columns(table, classifiers.classify(images, rows, settings))
    report_failures(table, "scores")
    manifest.write(output, "scores", table, record | said)
    if _failed(table) == _failed(rows):  # else whoever mends the disk has them scored again
        stored.store({_STORED: output})


def _failed(table: pa.Table) -> int:
    return int(pc.sum(pc.equal(table["status"], STATUS_FAILED)).as_py() or 0)


def _libraries(settings: ScoresSettings, classifiers: "Classifiers | None") -> tuple[str, ...]:
    scoring = () if settings.scorer == "none" else _SCORING
    asked = () if classifiers is None else (*_CLASSIFYING, *classifiers.libraries)
    return (*_MEASURING, *scoring, *asked)


def _known(
    made: Mapping[str, Any],
    class_names: list[str],
    settings: ScoresSettings,
    classifiers: "Classifiers | None",
) -> dict[str, Any]:
    """Return what is recorded of the scores and known before an image is read.

    Args:
        made: provenance of the images.
        class_names: of all classes, in label order.
        settings: the section `scores`.
        classifiers: that are asked, if any.
    """
    known: dict[str, Any] = {name: made[name] for name in HANDED_ON if name in made}
    known |= {"images_settings": made["settings"]} if "settings" in made else {}
    known |= weights_of(settings.model, settings.pretrained) if settings.scorer != "none" else {}
    return known | {"class_names": class_names} | (classifiers.facts if classifiers else {})


def _scored(
    images: Path, rows: pa.Table, class_names: list[str], settings: ScoresSettings
) -> tuple[pa.Table, dict[str, Any]]:
    """Return the rows of the manifest, and what is to be recorded of them besides."""
    if settings.scorer == "none":
        from sau.pipeline.scores.measured import measure_shard

        return measure_shard(images, rows, settings.decode_workers), {"scored": False}
    from sau.assets.unseen_classes import warn_of_unseen_classes
    from sau.pipeline.scores.shard import score_shard  # brings PyTorch in, which takes long

    warn_of_unseen_classes("scores", ((settings.model, name) for name in class_names))
    return score_shard(images, rows, class_names, settings)


def _real_images(train_images: Path | None, split: str | None, images: Path) -> Path:
    """Return the training images by which classifiers are checked.

    Raises:
        UserError: there are none, or the test images are to be classified.
    """
    if split == "test":
        raise UserError(
            f"scores.classifiers: given, but {images} holds the test images, which nothing but "
            "the evaluation may classify; leave it out"
        )
    if train_images is None:
        raise UserError(
            "--train-images: missing, but scores.classifiers is set; give the manifest of the real "
            "training images, which the classifiers must have been trained on"
        )
    return train_images
