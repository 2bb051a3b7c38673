"""Which generator draws which class."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from sau.core.errors import UserError
from sau.pipeline.images.own_files import with_own_files
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.class_match import labels_of_names
from sau.sources.naming import plain_name

log = logging.getLogger(__name__)

PEOPLE = frozenset({"baby", "boy", "girl", "man", "woman"})
"""Classes of CIFAR-100 that GLIDE has hardly seen: OpenAI removed people from its images.

Source: Nichol et al., "GLIDE", section 6.
"""


def settings_by_label(
    settings: ImagesSettings, class_names: Sequence[str]
) -> Mapping[int, ImagesSettings]:
    """Return the settings that each class is drawn with, none of which names single classes.

    LoRA weights and embeddings are the class's own files in place of folders.

    Raises:
        UserError: what `set_by_label` and `with_own_files` raise.
    """
    return with_own_files(set_by_label(settings, class_names), class_names)


def set_by_label(settings: ImagesSettings, class_names: Sequence[str]) -> dict[int, ImagesSettings]:
    """Return the settings of each class as they were set; no file of theirs is looked at.

    Args:
        settings: of the section; keys of `per_class` may be spelt as folders' names may be.
        class_names: of the real images, in label order.

    Raises:
        UserError: a class that is not there, or that is named twice.
    """
    shared = settings.without_classes()
    found = dict.fromkeys(range(len(class_names)), shared)
    named: dict[int, str] = {}
    names = list(settings.per_class)
    for name, label in zip(
        names, labels_of_names(names, class_names, "images.per_class"), strict=True
    ):
        if label in named:
            raise UserError(
                f"images.per_class: {named[label]!r} and {name!r} are one class, "
                f"{class_names[label]!r}; name it once"
            )
        named[label] = name
        found[label] = settings.for_class(name)
    return found


def labels_naming(
    settings: ImagesSettings, class_names: Sequence[str], keys: Collection[str]
) -> set[int]:
    """Return the labels of the classes for which `per_class` names any of some keys."""
    names = [name for name, own in settings.per_class.items() if not set(keys).isdisjoint(own)]
    return set(labels_of_names(names, class_names, "images.per_class"))


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
            ", ".join(people),
            people[0],
        )
