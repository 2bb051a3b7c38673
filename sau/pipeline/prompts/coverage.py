"""How evenly the phrases of each attribute are used."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping

log = logging.getLogger(__name__)


def coverage(rows: Iterable[Mapping[str, object]]) -> dict[str, dict[str, int]]:
    """Return how often the phrases of each attribute are used, and say it in the log.

    Args:
        rows: of the prompts manifest.

    Returns: by attribute `used`, how many phrases are used, those of each class counted for
        themselves, and `fewest` and `most`, the prompts of its class in which one of them stands;
        nothing where no prompt has an attribute.
    """
    uses: dict[str, Counter[tuple[object, str]]] = {}
    for row in rows:
        for attribute, phrase in json.loads(str(row["attributes"] or "{}")).items():
            uses.setdefault(attribute, Counter())[row["label"], phrase] += 1
    found = {
        attribute: {
            "used": len(counts),
            "fewest": min(counts.values()),
            "most": max(counts.values()),
        }
        for attribute, counts in sorted(uses.items())
    }
    for attribute, figures in found.items():
        log.info(
            "%s: %d phrases of all classes are used, each in %d to %d prompts of its class",
            attribute,
            *figures.values(),
        )
    return found
