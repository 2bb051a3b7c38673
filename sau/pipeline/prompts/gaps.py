"""Whether what stands in the gaps of templates is known, and what is known has a gap."""

from collections.abc import Mapping, Sequence
from typing import Any

from sau.core.errors import UserError
from sau.pipeline.prompts.classes import ClassSettings
from sau.templates.template_sets import SETS, check_templates
from sau.templates.templates import attributes_of

GRID = "grid"
"""The source that asks a language model for phrases."""


def check_gaps(
    templates: Sequence[str],
    attributes: Mapping[str, Any],
    source: str,
    classes: Mapping[str, ClassSettings],
) -> None:
    """Check the templates of the section `prompts`, and of its classes, against the attributes.

    Args:
        templates: of all classes.
        attributes: of all classes, checked by themselves.
        source: of all classes.
        classes: what is said of single ones.

    Raises:
        UserError: a gap without an attribute, or an attribute without a gap; phrases that are to be
            asked for where no language model is asked for them, or a grid that asks for none.
    """
    _check(templates, attributes, source, "prompts")
    used = set(_gaps(templates))
    for name, own in classes.items():
        where = f"prompts.classes.{name}"
        own_templates = own.templates or templates
        _check(own_templates, {**attributes, **own.attributes}, own.source or source, where)
        _refuse_unused(own.attributes, set(_gaps(own_templates)), where)
        used |= set(_gaps(own_templates))
    _refuse_unused(attributes, used, "prompts")


def _check(
    templates: Sequence[str], attributes: Mapping[str, Any], source: str, where: str
) -> None:
    check_templates(templates, f"{where}.templates", attributes)
    asked = [name for name in _gaps(templates) if isinstance(attributes[name], int)]
    if asked and source != GRID:
        raise UserError(
            f"{where}.attributes.{asked[0]}: {attributes[asked[0]]}, but source is {source}, so no "
            f"phrases are asked for; give a list of them, or set source to {GRID}"
        )
    if source == GRID and not asked:
        raise UserError(
            f"{where}.source: {GRID}, but no template has an attribute that is a number, so there "
            "is nothing to ask for; set one, such as attributes: {place: 8}, and put {place} into "
            "a template"
        )


def _gaps(templates: Sequence[str]) -> list[str]:
    """Return the attributes that templates name, each once; published sets name none."""
    found = (name for text in templates if text not in SETS for name in attributes_of(text))
    return list(dict.fromkeys(found))


def _refuse_unused(attributes: Mapping[str, Any], used: set[str], where: str) -> None:
    for name in sorted(attributes.keys() - used):
        raise UserError(
            f"{where}.attributes.{name}: no template has {{{name}}}, so it has no effect; put it "
            "into one, or leave the attribute out"
        )
