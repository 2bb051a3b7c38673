"""The scores stage: one shard of images, measured and scored once for everything after."""

from pathlib import Path

from sau.pipeline.scores.settings import ScoresSettings
from sau.storage import manifest
from sau.storage.belonging import check_inputs
from sau.storage.failures import report_failures
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

_MEASURING = ("pillow", "imagehash", "scipy")
_SCORING = ("torch", "open_clip_torch", "transformers")

HANDED_ON = ("shard", "split")
"""Which of the images they are, as their own provenance has it."""


@writes("output")
def scores(images: Path, output: Path, *, settings: ScoresSettings) -> None:
    """Measure one shard of images, and score them with CLIP against their texts and all classes.

    Args:
        images: manifest of images: a shard of the synthetic ones, or the data set's.
        output: manifest of scores, one row for each image; decisions are made elsewhere.
        settings: the section `scores`.

    Raises:
        UserError: no such manifest, device, model or weights, or a label that names no class.
    """
    from sau.assets.unseen_classes import warn_of_unseen_classes

    inputs = {"images": images}
    check_inputs(inputs)
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
    facts |= {name: made[name] for name in HANDED_ON if name in made}
    facts |= {"images_settings": made["settings"]} if "settings" in made else {}
    report_failures(table, "scores")
    libraries = (*_MEASURING, *(_SCORING if facts["scored"] else ()))
    record = provenance("scores", settings, inputs, libraries, class_names=class_names, **facts)
    manifest.write(output, "scores", table, record)
