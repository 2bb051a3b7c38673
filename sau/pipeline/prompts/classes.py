"""What each class is called in prompts: its cleaned name, or what the config says instead."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Literal

from sau.core.errors import ArgumentError, UserError
from sau.settings.names import did_you_mean
from sau.settings.section import Section, setting
from sau.sources.naming import distinct_names, labels_by_name
from sau.templates.attributes import check_attributes
from sau.templates.phrase_lists import phrases_of
from sau.templates.template_sets import expand
from sau.templates.templates import article, attributes_of, clean_name


class ClassSettings(Section):
    """What the config may say of one class."""

    name: str = setting("", "what prompts call the class; empty: its cleaned name")
    article: str | None = setting(
        None, "what stands for {article} before the name; null: a or an by its first letter"
    )
    synonyms: list[str] = setting([], "other names, which take turns with the name")
    templates: list[str] = setting([], "of this class; empty: those of all classes")
    attributes: dict[str, Any] = setting(
        {}, "of this class; those that it does not name are those of all classes"
    )
    source: Literal["", "template", "llm", "grid"] = setting(
        "", "of this class; empty: that of all"
    )

    def check(self) -> None:
        """Check the attributes, and that no synonym is empty."""
        with self.naming(""):
            check_attributes(self.attributes, "attributes")
        if not all(clean_name(synonym) for synonym in self.synonyms):
            raise self.error("synonyms", "an empty one; leave it out")


@dataclasses.dataclass(frozen=True)
class ClassWords:
    """A class as prompts speak of it.

    Attributes:
        label: its index, from 0.
        key: what ids and random streams call it: its name, told apart from equal ones.
        name: its name, cleaned.
        article: what stands for {article} before the name, which may be nothing.
        synonyms: other names, cleaned.
        templates: sentences with {name}; at least one.
        source: template, llm or grid.
        phrases: of each attribute in the templates for which the config has them.
        asked: how many a language model is asked for, of each other attribute in them.
    """

    label: int
    key: str
    name: str
    article: str
    synonyms: tuple[str, ...]
    templates: tuple[str, ...]
    source: str
    phrases: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    asked: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def asks_model(self) -> bool:
        """Whether a language model is asked about the class."""
        return self.source != "template"

    def names(self) -> list[tuple[str, str]]:
        """Return the name and the synonyms, each with its article."""
        return [(self.name, self.article), *((name, article(name)) for name in self.synonyms)]


def check_classes(classes: Mapping[str, Any]) -> dict[str, ClassSettings]:
    """Return what `prompts.classes` says, typed.

    Raises:
        UserError: an unknown key, or a value of the wrong type, with the class's name.
    """
    found = {}
    for name, values in classes.items():
        if not isinstance(values, Mapping):
            raise UserError(
                f"prompts.classes.{name}: {values!r} must be a mapping, "
                "such as {name: crane bird}"
            )
        try:
            found[name] = ClassSettings.from_mapping(values)
        except ArgumentError as error:
            raise UserError(f"prompts.classes.{name}.{error}") from error
    return found


def class_words(
    class_names: Sequence[str],
    classes: Mapping[str, Any],
    templates: Sequence[str],
    source: str,
    attributes: Mapping[str, Any] = MappingProxyType({}),
) -> list[ClassWords]:
    """Return each class as prompts speak of it, in label order.

    Args:
        class_names: as the data set has them.
        classes: `prompts.classes`: what to say instead, by a class's name or its label.
        templates: of all classes; sets by their names.
        source: of all classes.
        attributes: of all classes: lists of phrases, shipped ones by their names, or how many are
            to be asked for.

    Raises:
        UserError: a key of `classes` that is no class, is two of them, or names one a second time.
    """
    own: dict[int, ClassSettings] = {}
    exact, cleaned = labels_by_name(class_names), labels_by_name(map(clean_name, class_names))
    for key, values in check_classes(classes).items():
        label = _label_of(key, exact, cleaned, len(class_names))
        if label in own:
            raise UserError(f"prompts.classes.{key}: class {label} stands there twice; join them")
        own[label] = values
    keys = distinct_names(class_names)
    shared = ClassSettings.from_mapping(
        {"templates": list(templates), "source": source, "attributes": dict(attributes)}
    )
    return [
        _words(label, keys[label], name, own.get(label, ClassSettings()), shared)
        for label, name in enumerate(class_names)
    ]


def namesakes(classes: Sequence[ClassWords]) -> list[str]:
    """Return what is to be said of classes that have one name, a line for each name."""
    labels: dict[str, list[str]] = {}
    for words in classes:
        labels.setdefault(words.name.lower(), []).append(str(words.label))
    return [
        f"classes {' and '.join(same)} are all called {name!r}"
        for name, same in labels.items()
        if len(same) > 1
    ]


def _words(
    label: int, key: str, name: str, own: ClassSettings, shared: ClassSettings
) -> ClassWords:
    name = clean_name(own.name or name)
    templates = tuple(expand(own.templates or shared.templates))
    gaps = {attribute for template in templates for attribute in attributes_of(template)}
    known = {**shared.attributes, **own.attributes}
    attributes = {key: known[key] for key in sorted(gaps)}
    asked = {key: count for key, count in attributes.items() if isinstance(count, int)}
    return ClassWords(
        label=label,
        key=key,
        name=name,
        article=article(name) if own.article is None else own.article,
        synonyms=tuple(map(clean_name, own.synonyms)),
        templates=templates,
        source=own.source or shared.source,
        phrases={key: phrases_of(given) for key, given in attributes.items() if key not in asked},
        asked=asked,
    )


def _label_of(
    key: str, exact: Mapping[str, list[int]], cleaned: Mapping[str, list[int]], count: int
) -> int:
    """Return the class that a key of `prompts.classes` means: by its name, else by its label."""
    labels = exact.get(key) or cleaned.get(key, [])
    numbered = any(name.isdecimal() for name in exact)  # then a number is a name, not a label
    if not labels and not numbered and key.isdecimal() and int(key) < count:
        labels = [int(key)]
    if not labels:
        raise UserError(f"prompts.classes.{key}: no such class; {_hint(key, cleaned, count)}")
    if len(labels) > 1:
        raise UserError(
            f"prompts.classes.{key}: classes {', '.join(map(str, labels))} are all called so; "
            "give the label in quotes in place of the name"
        )
    return labels[0]


def _hint(key: str, known: Collection[str], count: int) -> str:
    some = f"the data set has {count}, such as {', '.join(map(repr, islice(known, 3)))}"
    return did_you_mean(key, known) or some
