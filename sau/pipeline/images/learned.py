"""Classes that are drawn with what the personalise stage has learned of them."""

import logging
from collections.abc import Callable, Mapping, Sequence

from sau.core.errors import UserError
from sau.pipeline.images.own_files import KEYS
from sau.pipeline.images.per_class import labels_naming
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.personalised import Learned
from sau.sources.naming import distinct_names

log = logging.getLogger(__name__)


def with_learned(
    by_label: Mapping[int, ImagesSettings],
    learned: Mapping[str, Learned],
    class_names: Sequence[str],
    section: ImagesSettings,
    weights_of: Callable[[ImagesSettings], str],
) -> dict[int, ImagesSettings]:
    """Return each class's settings, with what the personalise stage has learned of it.

    Classes of a model with other weights, and those for which `per_class` names LoRA weights or an
    embedding, be it none, are drawn as their settings say.

    Args:
        by_label: settings of each class.
        learned: by class; none: nothing was learned.
        class_names: in label order.
        section: the settings that those of the classes come from.
        weights_of: gives the hash of the weights of a class's model.

    Raises:
        UserError: a class of which nothing was learned, or no class that is drawn so.
    """
    found = dict(by_label)
    if not learned:
        return found
    models = {one.weights_sha256 for one in learned.values()}
    left_alone = labels_naming(section, class_names, KEYS)
    plain = []
    for (label, settings), name in zip(by_label.items(), distinct_names(class_names), strict=True):
        if settings.source == "imported":
            continue
        if label in left_alone or weights_of(settings) not in models:
            plain.append(name)
            continue
        if name not in learned:
            raise UserError(
                f"--personalised: nothing was learned of class {name!r}; give the folders of all "
                "shards of the personalise stage"
            )
        one = learned[name]
        if given := getattr(settings, one.key):
            raise UserError(
                f"--personalised: has {one.key} of class {name!r}, and so has images.{one.key}: "
                f"{given}; leave one of them out"
            )
        found[label] = settings.replace(**{one.key: str(one.path)})
    if found == by_label:
        told = next(iter(learned.values())).model
        raise UserError(
            f"--personalised: what was learned with the weights of {told} is for no class that is "
            "drawn: each has another model, or files of its own in images.per_class; set "
            "images.model to that model, run the personalise stage again, or leave it out"
        )
    if plain:
        log.info("without what was learned (other weights, own files): %s", ", ".join(plain))
    return found
