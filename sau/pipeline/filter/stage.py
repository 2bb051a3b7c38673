"""The filter stage."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.pipeline.filter.classes import check_classes, count_classes
from sau.pipeline.filter.decisions import decisions
from sau.pipeline.filter.helpful import warn_of_other_tails, with_influence
from sau.pipeline.filter.images import Images
from sau.pipeline.filter.leaks import LeakCheck, find_leaks, log_leaks, no_check
from sau.pipeline.filter.reasons import rejected_by
from sau.pipeline.filter.rules import Columns, judge, verdicts
from sau.pipeline.filter.same_model import check_same_model
from sau.pipeline.filter.settings import FilterSettings
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Shared, Split, Within, check_inputs
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

BELONGING = (
    Agree(("class_names",), ("scores", "test_scores", "influence")),
    Agree(("images_settings",), ("scores",)),
    Shared("scores", "images.prompts"),
    Within("scores", "images", "influence"),
    Split("scores", "synthetic"),
    Split("test_scores", "test"),
    # Networks that have seen no other real images: of another cut they may be test images here.
    Link("influence", "train_images", "train_images"),
    Split("train_images", "training"),
)

logger = logging.getLogger(__name__)


@writes("output")
def filter(  # noqa: A001
    scores: list[Path],
    output: Path,
    test_scores: list[Path] | None = None,
    train_images: Path | None = None,
    validation: list[Path] | None = None,
    *,
    settings: FilterSettings,
) -> None:
    """Decide which synthetic images may be trained on. No image is opened for it.

    Args:
        scores: the shards of the synthetic images' scores.
        output: manifest of kept: one row for each row of the scores, in their order, with a column
            for each rule and the decision's reason.
        test_scores: scores of the real test images, for the leak check; needed unless leak is off.
        train_images: manifest of the real training images, by whose record it is known that the
            networks which say what helps have seen no others; needed with influence.
        validation: manifests of what the run holds out of its tails; it is a warning where the
            networks which say what helps have not held out the same.
        settings: the section `filter`.

    Raises:
        UserError: images that lack a measure which a rule needs, embeddings of different models, no
            test scores, influence of other images or by networks of other training images, or a
            class that the rules leave without an image.
    """
    influence = Path(settings.influence) if settings.helpful_fraction < 1 else None
    inputs: dict[str, Path | Sequence[Path]] = {
        "scores": scores,
        "test_scores": test_scores or [],
        "influence": [influence] if influence else [],
        "train_images": _train_images(train_images) if influence else [],
    }
    check_inputs(inputs, *BELONGING)
    if influence:
        warn_of_other_tails(influence, validation or [])
    names = _class_names(scores)
    table = manifest.read(scores, "scores", columns=_columns(settings))
    manifest.check_labels(scores[0], table["label"], names)
    images = Images.readable(with_influence(table, influence) if influence else table)
    if settings.compares_embeddings():
        check_same_model([*scores, *(test_scores or [])])
    check = _check_leaks(images, test_scores, settings)
    log_leaks(check.facts)
    columns = judge(images, check.reasons if settings.leak == "drop" else None, settings, names)
    kept = decisions(table, images, columns, verdicts(columns, images, check.reported))

    rejected = _count(columns)
    labels = table["label"].to_numpy()
    chosen = labels[kept["kept"].to_numpy()]
    logger.info("%d of %d synthetic images kept", len(chosen), len(table))
    check_classes(count_classes(labels, images.labels, columns, chosen, names), settings)
    facts: dict[str, Any] = {"class_names": names, "rejected": rejected, "leak": check.facts}
    made = provenance("filter", settings, inputs, **facts)
    manifest.write(output, "kept", kept, made)


def _class_names(scores: list[Path]) -> list[str]:
    if not scores:
        raise UserError("--scores: no manifest of scores given; at least one is needed")
    names: list[str] = manifest.read_facts(scores[0], "scores", "class_names")["class_names"]
    return names


def _train_images(given: Path | None) -> Path:
    if given is None:
        raise UserError(
            "--train-images: missing, but filter.influence is set; give the manifest of the real "
            "training images"
        )
    return given


def _columns(settings: FilterSettings) -> list[str]:
    """Return the columns to read: embeddings are large, and read only where they are compared."""
    columns = set(manifest.SCHEMAS["scores"].names)
    if not settings.compares_embeddings():
        columns -= {"embedding"}
    return sorted(columns - {"class_score", "reason"})


def _check_leaks(
    images: Images, test_scores: list[Path] | None, settings: FilterSettings
) -> LeakCheck:
    if settings.leak == "off":
        return no_check(len(images))
    if not test_scores:
        raise UserError(
            f"--test-scores: missing, but filter.leak is {settings.leak}; give the scores of the "
            "real test images, or set filter.leak to off"
        )
    columns = ["id", "label", "status", "perceptual_hash"]
    if settings.leak_similarity is not None:
        columns.append("embedding")
    table = manifest.read(test_scores, "scores", columns=columns)
    return find_leaks(images, Images.readable(table, "test images"), settings)


def _count(columns: Columns) -> dict[str, int]:
    """Return how many images each rule rejects."""
    counts = {name: int(rejected_by(column).sum()) for name, column in columns.items()}
    for name, count in counts.items():
        logger.info("%s: rejects %d", name, count)
    return counts
