"""Classes that the shipped models have never seen."""

import logging
from collections.abc import Iterable

from sau.assets.shipped import SHIPPED
from sau.sources.naming import plain_name

KNOWN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""The only classes that the shipped models have seen, and their names in what they have read."""

SHOWN = 3
"""Classes that the warning names."""

log = logging.getLogger(__name__)


def warn_of_unseen_classes(section: str, asked: Iterable[tuple[str, str]]) -> None:
    """Warn once of classes that a shipped model has never seen; other models are not judged.

    Args:
        section: of the configuration, whose key `model` names it.
        asked: the model, a name in `SHIPPED` or any other, and the class that it should draw or
            score, by the name that it is told.
    """
    shipped = [(model, name) for model, name in asked if model in SHIPPED]
    names = list(dict.fromkeys(name for _, name in shipped if plain_name(name) not in KNOWN))
    if not names:
        return
    more = f" and {len(names) - SHOWN} more classes" if len(names) > SHOWN else ""
    log.warning(
        "%s.model: %s has seen printed digits alone, %s to %s; of %s%s it knows nothing, and what "
        "it makes of them means nothing. Choose another model (docs/images.md, docs/scores.md)",
        section,
        shipped[0][0],
        KNOWN[0],
        KNOWN[-1],
        ", ".join(names[:SHOWN]),
        more,
    )
