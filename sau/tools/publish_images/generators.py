"""Which generator drew the images of each class, and its licence as far as it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sau.assets.shipped import SHIPPED
from sau.core.errors import UserError
from sau.pipeline.images.per_class import settings_by_label
from sau.pipeline.images.settings import GENERATOR_KEYS, ImagesSettings
from sau.settings.names import did_you_mean
from sau.settings.section import conditions_of
from sau.tools.kept_images import Found

IMPORTED = "imported"
"""What is written where no generator of the run drew an image."""

_SHIPPED_LICENCE = "apache-2.0"


@dataclass(frozen=True)
class Generator:
    """A generator, as the data card names it.

    Attributes:
        name: of the model: that of the Hub, of what is shipped, or of its folder without the way
            to it, which concerns nobody else.
        licence: of the model; empty if nobody has said it.
        weights_sha256: of its files.
        settings: what its pictures depend on, besides prompts and seeds.
    """

    name: str
    licence: str
    weights_sha256: str
    settings: Mapping[str, Any]


def generators_of(found: Found, licences: Sequence[str]) -> dict[int, Generator]:
    """Return the generator of each class by its label; none if all images were imported.

    Args:
        found: the kept images' files.
        licences: `LICENCE` for all generators, or `NAME=LICENCE` for one of them.

    Raises:
        UserError: a licence of a generator that drew nothing.
    """
    made = found.provenance(found.images[0])
    settings = ImagesSettings.from_mapping(dict(made.get("settings", {})))
    if settings.source in ("imported", "none"):
        own: dict[int, ImagesSettings] = {}
    else:
        by_label = settings_by_label(settings, found.class_names)
        own = {label: one for label, one in by_label.items() if one.source != "imported"}
    names = {label: _name(one.model) for label, one in own.items()}
    shared, single = _licences(licences, sorted({*names.values(), IMPORTED}))
    weights = _weights(found)
    return {
        label: Generator(
            name=names[label],
            licence=single.get(names[label], shared or _known(one.model)),
            weights_sha256=weights.get(found.class_names[label], ""),
            settings=_settings(one),
        )
        for label, one in own.items()
    }


def licence_of_imported(licences: Sequence[str]) -> str:
    """Return what was said of the licence of imported images."""
    shared, single = _licences(licences, None)
    return single.get(IMPORTED, shared)


def _settings(one: ImagesSettings) -> dict[str, Any]:
    """Return what a generator's pictures depend on, but for its place on this machine."""
    conditions = conditions_of(ImagesSettings)
    left_out = ("source", "model", "upsampler")
    return {
        key: getattr(one, key)
        for key in GENERATOR_KEYS
        if one.source in conditions.get(key, {}).get("source", ())
        and key not in left_out
        and (one.upsampler or not key.startswith("upsampler"))
    }


def _licences(given: Sequence[str], known: Sequence[str] | None) -> tuple[str, Mapping[str, str]]:
    """Return the licence of all generators, and those of single ones."""
    shared = [entry for entry in given if "=" not in entry]
    single = dict(entry.rsplit("=", 1) for entry in given if "=" in entry)
    if len(shared) > 1:
        raise UserError(
            f"--generator-licence: {' and '.join(shared)}; name the generators, as in "
            f"{(known or [IMPORTED])[0]}={shared[0]}"
        )
    odd = next((name for name in single if known is not None and name not in known), None)
    if odd is not None:
        hint = did_you_mean(odd, known or []) or f"known are {', '.join(known or [])}"
        raise UserError(f"--generator-licence: no images of {odd!r}; {hint}")
    return next(iter(shared), ""), single


def _name(model: str) -> str:
    """Return a model's name without folders of this machine."""
    on_hub = model.count("/") == 1 and not model.startswith((".", "/", "~", "models/"))
    return model if on_hub or model in SHIPPED else PurePath(model).name


def _known(model: str) -> str:
    return _SHIPPED_LICENCE if model in SHIPPED else ""


def _weights(found: Found) -> dict[str, str]:
    """Return the digest of the weights that drew each class, by its name."""
    return {
        name: made["weights_sha256"]
        for path in found.images
        for made in found.provenance(path).get("generators", [])
        for name in made["classes"]
    }
