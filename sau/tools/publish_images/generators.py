"""Which generator drew the images of each class, and its licence as far as it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sau.assets.shipped import SHIPPED
from sau.pipeline.images.per_class import set_by_label
from sau.pipeline.images.settings import GENERATOR_KEYS, ImagesSettings
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.settings.section import conditions_of
from sau.storage.sealed import hash_of_json
from sau.tools.kept_images import Found

_SHIPPED_LICENCE = "apache-2.0"
_PATHS = ("lora", "embedding")
"""Settings that name files, whose folders concern nobody else."""

_OF_ONE_CLASS = ("classes", "drawn_as", *(f"{key}_sha256" for key in _PATHS))
"""What is recorded of a generator that differs from class to class."""

_OF_MACHINE = ("device", "threads")
"""Settings of the learning that do not concern who looks at its pictures."""

_DIGITS = 8
"""Of the weights' hash, behind a name that two models have."""


@dataclass(frozen=True)
class Generator:
    """A generator with its settings, as the data card names it.

    Attributes:
        name: of the model: that of the Hub, of what is shipped, or of its folder without the way
            to it, which concerns nobody else; of two models with one name, with the beginning of
            the weights' hash.
        known_licence: of a model that is shipped; else empty.
        weights_sha256: of its files.
        settings: what its pictures depend on, besides prompts and seeds; with those of the section
            `personalise`, by that word and theirs, if it learned each class first.
        labels: of the classes that it drew.
        saw_real: whether it learned from real training images, of this run or another one, or its
            pictures start from some.
        may_have_seen: settings of files of which nothing says what they were learned from.
    """

    name: str
    known_licence: str
    weights_sha256: str
    settings: Mapping[str, Any]
    labels: Sequence[int]
    saw_real: bool
    may_have_seen: Sequence[str]


def generators_of(found: Found) -> list[Generator]:
    """Return what drew images, by the first label of each; nothing if all were imported."""
    made = found.provenance(found.images[0])
    settings = ImagesSettings.from_mapping(dict(made.get("settings", {})))
    drawn = _drawn(found)
    if not drawn:
        return []
    by_label = set_by_label(settings, found.class_names)
    learned = _learned(made.get("personalise", {}))
    told_of = {
        label: _settings(by_label[label], learned if drawn[label].get("personalised") else {})
        for label in drawn
    }
    groups: dict[str, list[int]] = {}
    for label in drawn:
        key = hash_of_json([drawn[label], by_label[label].model, told_of[label]])
        groups.setdefault(key, []).append(label)
    firsts = [labels[0] for labels in groups.values()]
    names = {label: _name(by_label[label].model, drawn[label]) for label in firsts}
    models = {(names[label], drawn[label]["weights_sha256"]) for label in firsts}
    several = {name for name, _ in models if sum(other == name for other, _ in models) > 1}

    def generator(labels: Sequence[int]) -> Generator:
        name, weights = names[labels[0]], drawn[labels[0]]["weights_sha256"]
        one = by_label[labels[0]]
        told = f"{name} {weights[:_DIGITS]}" if name in several else name
        licence = _SHIPPED_LICENCE if one.model in SHIPPED else ""
        made = drawn[labels[0]]
        learned_files = made.get("learned_files", [])
        saw_real = one.guide == "real" or bool(made.get("personalised") or learned_files)
        unknown = [key for key in _PATHS if getattr(one, key) and key not in learned_files]
        return Generator(told, licence, weights, told_of[labels[0]], labels, saw_real, unknown)

    return [generator(labels) for labels in groups.values()]


def _drawn(found: Found) -> dict[int, Mapping[str, Any]]:
    """Return what was recorded of the generator of each class, by label."""
    by_name = {
        name: {key: value for key, value in made.items() if key not in _OF_ONE_CLASS}
        for path in found.images
        for made in found.provenance(path).get("generators", [])
        for name in made["classes"]
    }
    labels = {name: label for label, name in enumerate(found.class_names)}
    return {labels[name]: by_name[name] for name in sorted(by_name, key=labels.__getitem__)}


def _learned(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of the section `personalise` as they are told: those that have an effect."""
    conditions = conditions_of(PersonaliseSettings)
    return {
        f"personalise.{key}": value
        for key, value in settings.items()
        if key not in _OF_MACHINE
        and all(settings.get(o) in wanted for o, wanted in conditions.get(key, {}).items())
    }


def _settings(one: ImagesSettings, learned: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a generator's pictures depend on, but for its place on this machine.

    Args:
        one: settings of a class.
        learned: settings of what was learned of the class; none: nothing was.
    """
    conditions = conditions_of(ImagesSettings)
    left_out = {"source", "model", "upsampler"}
    left_out |= set() if one.guide == "real" else {"strength"}
    left_out |= set() if one.lora or learned.get("personalise.method") == "lora" else {"lora_scale"}
    own = {
        key: PurePath(getattr(one, key)).name if key in _PATHS else getattr(one, key)
        for key in GENERATOR_KEYS
        if one.source in conditions.get(key, {}).get("source", ())
        and key not in left_out
        and (one.upsampler or not key.startswith("upsampler"))
    }
    # An empty name would say that the model drew alone.
    return {**{k: v for k, v in own.items() if v or not learned or k not in _PATHS}, **learned}


def _name(model: str, made: Mapping[str, Any]) -> str:
    """Return a model's name without folders of this machine."""
    return model if model in SHIPPED or made.get("on_hub") else PurePath(model).name
