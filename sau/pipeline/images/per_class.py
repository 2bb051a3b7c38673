"""Which generator draws which class."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.naming import label_of, labels_by_plain_name, plain_name

log = logging.getLogger(__name__)

PEOPLE = frozenset({"baby", "boy", "girl", "man", "woman"})
"""Classes of CIFAR-100 that GLIDE has hardly seen: OpenAI removed people from its images.

Source: Nichol et al., "GLIDE", section 6.
"""


def settings_by_label(
    settings: ImagesSettings, class_names: Sequence[str]
) -> Mapping[int, ImagesSettings]:
    """Return the settings that each class is drawn with, none of which names single classes.

    Args:
        settings: of the section; keys of `per_class` may be spelt as folders' names may be.
        class_names: of the real images, in label order.

    Raises:
        UserError: a class that is not there, or that is named twice.
    """
    shared = settings.without_classes()
    found = dict.fromkeys(range(len(class_names)), shared)
    named: dict[int, str] = {}
    alike = labels_by_plain_name(class_names)
    for name in settings.per_class:
        label = label_of(name, class_names, f"images.per_class.{name}", alike)
        if label in named:
            raise UserError(
                f"images.per_class: {named[label]!r} and {name!r} are one class, "
                f"{class_names[label]!r}; name it once"
            )
        named[label] = name
        found[label] = settings.for_class(name)
    return found


def warn_of_people(
    labels: Iterable[int], class_names: Sequence[str], by_label: Mapping[int, ImagesSettings]
) -> None:
    """Warn once of the classes of people among `labels` that GLIDE is to draw."""
    people = [
        class_names[label]
        for label in sorted(set(labels))
        if by_label[label].source == "glide" and plain_name(class_names[label]) in PEOPLE
    ]
    if people:
        log.warning(
            "GLIDE was trained without pictures of people, and draws %s badly; another generator "
            "can draw them: images.per_class: {%s: {source: diffusers, model: ...}}",
            *(", ".join(people), people[0]),
        )
