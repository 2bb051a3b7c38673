"""Published sets of templates, called by a name."""

import csv
import functools
from collections.abc import Collection, Sequence
from pathlib import Path

from sau.templates.templates import check_template

CLIP_80 = "clip-80"

_FILES = {CLIP_80: Path(__file__).parent / "clip_imagenet_templates.csv"}

SETS = tuple(_FILES)
"""Names that may stand among templates in place of a sentence."""


def check_templates(templates: Sequence[str], key: str, attributes: Collection[str] = ()) -> None:
    """Check templates, of which some may be names of sets.

    Args:
        templates: the entries.
        key: the setting they stand in, for the message.
        attributes: placeholders that they may have beside name and article.

    Raises:
        UserError: an entry that is no known set's name and that `check_template` refuses.
    """
    for template in templates:
        if template not in SETS:
            check_template(template, key, attributes)


def expand(templates: Sequence[str]) -> list[str]:
    """Return the templates, with those of a set in place of its name."""
    return [
        sentence
        for template in templates
        for sentence in (_read(template) if template in SETS else (template,))
    ]


@functools.cache
def _read(name: str) -> tuple[str, ...]:
    """Return the set's templates, with our placeholders: `a {}` has the article that fits."""
    lines = _FILES[name].read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return tuple(_with_placeholders(row["template"]) for row in rows)


def _with_placeholders(template: str) -> str:
    before, after = template.split("{}")
    if before == "a " or before.endswith(" a "):
        before = before.removesuffix("a ") + "{article} "
    return f"{before}{{name}}{after}"
