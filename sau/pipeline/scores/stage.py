"""The scores stage: one shard of images, measured and scored once for everything after."""

from pathlib import Path

from sau.core.errors import UserError
from sau.pipeline.scores.settings import ScoresSettings
from sau.storage import manifest
from sau.storage.belonging import Agree, Split, check_inputs
from sau.storage.failures import report_failures
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

_MEASURING = ("pillow", "imagehash", "scipy")
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
    from sau.assets.unseen_classes import warn_of_unseen_classes

    inputs = {"images": images} | ({"train_images": train_images} if train_images else {})
    check_inputs(inputs, *BELONGING)
    class_names = manifest.read_facts(images, "images", "class_names")["class_names"]
    made = manifest.read_metadata(images)["provenance"]
    rows = manifest.read(images, "images", columns=["id", "label", "prompt", "status", "reason"])
    manifest.check_labels(images, rows["label"], class_names)
    if settings.scorer == "none":
        from sau.pipeline.scores.measured import measure_shard

        table, facts = measure_shard(images, rows, settings.decode_workers), {"scored": False}
    else:
        from sau.pipeline.scores.shard import score_shard  # brings PyTorch in, which takes long

        warn_of_unseen_classes("scores", ((settings.model, name) for name in class_names))
        table, facts = score_shard(images, rows, class_names, settings)
    classifying: list[str] = []
    if settings.classifiers:
        from sau.assets.trained_on import RealImages
        from sau.pipeline.scores.classifiers import classify_shard, with_columns

        path = _real_images(train_images, made.get("split"), images)
        real = RealImages.of_images(path, class_names)
        said = classify_shard(images, rows, real, validation or [], settings)
        table, facts = with_columns(table, said.columns), facts | said.facts
        classifying = said.libraries
    facts |= {name: made[name] for name in HANDED_ON if name in made}
    facts |= {"images_settings": made["settings"]} if "settings" in made else {}
    report_failures(table, "scores")
    libraries = (
        *_MEASURING,
        *(_SCORING if facts["scored"] else ()),
        *((*_CLASSIFYING, *classifying) if settings.classifiers else ()),
    )
    asked = bool(settings.classifiers)
    facts |= {"class_names": class_names}
    record = provenance("scores", settings, inputs, libraries, asks_networks=asked, **facts)
    manifest.write(output, "scores", table, record)


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
