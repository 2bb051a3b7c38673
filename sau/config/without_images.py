"""A configuration without synthetic images: no row may want one, and no section may be for them."""

from sau.config.config import Config
from sau.core.errors import UserError
from sau.settings.declare import facts_of, shown
from sau.settings.section import Section, default_of

SOURCES = "glide, diffusers or imported"
"""What may stand in place of none."""


def check_source(config: Config) -> None:
    """Check that the source of synthetic images is named where they are wanted, and only there.

    Raises:
        UserError: a row that trains on them, or a setting that is for them, where there are none.
    """
    if config.images.source != "none":
        return
    for name in config.rows_on_synthetic():
        raise UserError(
            f"config: training.runs.{name}: trains on the balanced set, but images.source is none, "
            f"so there is nothing to balance it with; set images.source to {SOURCES} "
            "(docs/images.md), or the row's data to real"
        )
    for section in (
        config.prompts,
        config.rounds,
        config.personalise,
        config.scores,
        config.filter,
        config.complement,
        config.influence,
    ):
        _refuse_settings(section)


def _refuse_settings(section: Section) -> None:
    """Refuse a section of which a value is not the default."""
    for key, value in section.to_mapping().items():
        if value != default_of(type(section), key):
            said = shown(facts_of(type(section).model_fields[key]), value)
            raise UserError(
                f"config: {section.path(key)}: {said} has no effect with images.source none, only "
                f"with {SOURCES}; leave the section {section.section} out"
            )
