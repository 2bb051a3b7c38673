"""The leak check: synthetic images that are nearly real test images."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.filter.closeness import NONE, Closeness
from sau.pipeline.filter.images import Images
from sau.pipeline.filter.near import Neighbours, first_of, near_test_images
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.trust import confused

logger = logging.getLogger("sau.pipeline.filter")

_COLUMNS = {"embedding": "embedding", "perceptual hash": "perceptual_hash"}
"""The measures by name, and the columns of the scores that hold them; the order of reasons."""

_SUSPICIOUS = 0.05
"""Copies of test images are rare: where a larger share is near one, the limit says little."""


_CONFUSED = 0.01
"""Where a larger share of real images is near one of another class, no image is dropped for it."""

_PAIRS = 100
"""So many of the nearest pairs by each measure are named in the facts."""


@dataclasses.dataclass(frozen=True)
class LeakCheck:
    """What the leak check found: reasons for images near a test image, and facts.

    reasons: by measures that may drop images; reported: by those that may not.
    """

    reasons: pa.Array
    reported: pa.Array
    facts: dict[str, Any]


def find_leaks(images: Images, tests: Images, settings: FilterSettings) -> LeakCheck:
    """Compare every synthetic image with every real test image, of whatever class.

    Args:
        images: the readable synthetic images.
        tests: the readable test images.
        settings: of which `leak_similarity` and `leak_hash_distance` say what is near.

    Returns: the reasons, and as facts the mode, the number of test images, of synthetic images near
        one, and for each measure its limit, how many synthetic and test images were compared, how
        many were found, the nearest pairs, `skipped`: why it was not used, if it was not; and of
        embeddings how many real test images were looked at (`real_compared`), and how many of them
        are near one of another class (`real_confused`). Where those are more than 1 %, it drops
        nothing: `drops` is false.

    Raises:
        UserError: embeddings of different models, or nothing of the images can be compared.
    """
    limits = {"embedding": settings.leak_similarity, "perceptual hash": settings.leak_hash_distance}
    none = pa.nulls(len(images), pa.string())
    dropped, reported, measures = [none], [none], []
    for name, limit in limits.items():
        if limit is None:
            continue
        reasons, facts = _by_measure(name, limit, images, tests, settings.threads)
        facts["drops"] = settings.leak == "drop" and not _is_confused(facts)
        (dropped if facts["drops"] else reported).append(reasons)
        measures.append(facts)
    if len(images) and len(tests) and all(facts["skipped"] for facts in measures):
        why = "; ".join(facts["skipped"] for facts in measures)
        raise UserError(
            f"filter.leak: {settings.leak}, but nothing can be compared: {why}; score the images, "
            "give filter.leak_hash_distance a value, or set filter.leak to off"
        )
    everything = first_of([*dropped, *reported])
    found = len(everything) - everything.null_count
    facts = {"mode": settings.leak, "test_images": len(tests), "found": found, "measures": measures}
    return LeakCheck(first_of(dropped), first_of(reported), facts)


def no_check(count: int) -> LeakCheck:
    """Return what there is to say of `count` images where no test image is looked at."""
    facts = {"mode": "off", "test_images": 0, "found": 0, "measures": []}
    none = pa.nulls(count, pa.string())
    return LeakCheck(none, none, facts)


def log_leaks(facts: dict[str, Any]) -> None:
    """Say in the log what was compared and found, and what was skipped."""
    if facts["mode"] == "off":
        logger.warning("leak check off: no synthetic image was compared with the test images")
        return
    for measure in facts["measures"]:
        if measure["skipped"]:
            logger.warning("leak check by %s skipped: %s", measure["name"], measure["skipped"])
            continue
        logger.info(
            "leak check by %s: %d of %d synthetic images are near one of %d test images (limit %g)",
            *(measure[key] for key in ("name", "found", "compared", "test_compared", "limit")),
        )
        if _is_confused(measure):
            logger.warning(
                "leak check by embedding: %d of %d real test images are as near to one of another "
                "class, so the model cannot tell copies at limit %g; such images are reported and "
                "not dropped: raise filter.leak_similarity, or score with a larger model",
                *(measure[key] for key in ("real_confused", "real_compared", "limit")),
            )
        elif (
            measure["name"] == "embedding" and measure["found"] > _SUSPICIOUS * measure["compared"]
        ):
            logger.warning(
                "leak check by embedding: %d of %d images are hardly all copies of test images; a "
                "model that distinguishes few classes puts a class's images that close: look at "
                "some of them, then raise filter.leak_similarity or set it to null",
                measure["found"],
                measure["compared"],
            )


def _by_measure(
    name: str, limit: float, images: Images, tests: Images, threads: int
) -> tuple[pa.Array, dict[str, Any]]:
    column = _COLUMNS[name]
    rows, test_rows = images.having(column), tests.having(column)
    facts = {"name": name, "limit": limit, "found": 0}
    facts |= {"compared": len(rows), "test_compared": len(test_rows), "skipped": None}
    lacking = next((each for each in (images, tests) if len(each.having(column)) == 0), None)
    if lacking is not None:
        facts |= {"compared": 0, "test_compared": 0}
        facts["skipped"] = f"the {lacking.what} have no {column.replace('_', ' ')}"
        return pa.nulls(len(images), pa.string()), facts
    measured: Closeness
    others: Closeness
    if name == "embedding":
        measured, others = images.embeddings(limit, threads), tests.embeddings(limit, threads)
        _check_dimension(measured.vectors.shape[1], others.vectors.shape[1])
    else:
        measured, others = images.hashes(int(limit)), tests.hashes(int(limit))
    near = near_test_images(measured, others)
    if name == "embedding":
        counts = confused(others, tests.labels[test_rows])
        facts |= dict(zip(("real_confused", "real_compared"), counts, strict=True))
    ids = tests.ids.take(pa.array(test_rows))
    everyone = Neighbours.none(len(images))
    everyone.closeness[rows], everyone.positions[rows] = near.closeness, near.positions
    facts["found"] = int((near.positions != NONE).sum())
    facts["pairs"] = _nearest_pairs(everyone, images.ids, ids)
    return everyone.reasons(measured, ids, "the test image"), facts


def _is_confused(facts: Mapping[str, Any]) -> bool:
    """Return whether too many real images are near one of another class by this measure."""
    return bool(facts.get("real_confused", 0) > _CONFUSED * facts.get("real_compared", 0))


def _nearest_pairs(near: Neighbours, ids: pa.Array, test_ids: pa.Array) -> list[dict[str, Any]]:
    """Return the nearest synthetic and test images by their ids, nearest first."""
    found = np.flatnonzero(near.found())
    order = found[np.argsort(-near.closeness[found], kind="stable")][:_PAIRS]
    return [
        {
            "synthetic": ids[int(row)].as_py(),
            "test": test_ids[int(near.positions[row])].as_py(),
            "closeness": round(float(near.closeness[row]), 6),
        }
        for row in order
    ]


def _check_dimension(synthetic: int, test: int) -> None:
    if synthetic != test:
        raise UserError(
            f"filter: the embeddings of synthetic images have {synthetic} numbers, those of test "
            f"images {test}, so they come from different models; score both with one model"
        )
