"""How many images each class has, and what became of them."""

from typing import Any

from sau.storage import manifest
from sau.storage.manifest.schemas import FILTER_RULES, STATUS_FAILED
from sau.tools.kept_images import Found


def count_classes(found: Found) -> list[dict[str, Any]]:
    """Return, for each class in label order, its counts and the mean score of its kept images.

    Returns: `images`, `failed`, `kept`, the names of the filter's rules (how many each rejects),
        and `mean score`, None where none was kept or scored.
    """
    columns = ["label", "score", "kept", *FILTER_RULES]
    kept = manifest.read(found.kept, "kept", columns=columns).to_pandas()
    scores = manifest.read(found.scores, "scores", columns=["label", "status"]).to_pandas()
    failed = scores[scores["status"] == STATUS_FAILED]["label"].value_counts()
    counts = []
    for label in range(len(found.class_names)):
        rows = kept[kept["label"] == label]
        mean = rows[rows["kept"]]["score"].mean()
        counts.append(
            {
                "images": len(rows),
                "failed": int(failed.get(label, 0)),
                "kept": int(rows["kept"].sum()),
                **{rule: int(rows[rule].notna().sum()) for rule in FILTER_RULES},
                "mean score": None if mean != mean else float(mean),
            }
        )
    return counts
