"""Captions for printed digits, made of the class name and of what the picture looks like."""

import numpy as np

from scripts.tiny_models.render import DigitAttributes

PLAIN_TEMPLATES = (
    "a photo of a {name}.",
    "a photo of the digit {name}.",
    "a photo of the number {name}.",
    "a photo of the class {name}.",
    "a picture of a {name}.",
    "an image of the digit {name}.",
    "a close-up photo of a {name}.",
    "a good photo of the {name}.",
    "a printed {name}.",
    "the printed digit {name}.",
    "the digit {name}",
    "{name}",
)
ADJECTIVE_TEMPLATES = (
    "a photo of a {looks} {name}.",
    "a {looks} {name}.",
    "a photo of the {looks} digit {name}.",
    "the {looks} printed digit {name}.",
)
FONT_TEMPLATES = (
    "the printed digit {name} in a {looks} {style} font.",
    "a photo of the digit {name} in a {looks} {style} font.",
)
WITH_TEMPLATES = (
    "a photo of the class {name}, with {first} and with {second}.",
    "a photo of a {name}, with {first} and {second}.",
    "a photo of a {name} with {first}.",
)


def _adjectives(attributes: DigitAttributes) -> list[str]:
    """Words that are true of the picture, from size to slant (never empty)."""
    words = []
    if attributes.height < 10.0:
        words.append("small")
    elif attributes.height > 11.5:
        words.append("large")
    if abs(attributes.rotation) > 8.0:
        words.append("tilted")
    if attributes.font.slanted:
        words.append("slanted")
    words.append("bold" if attributes.font.bold else "thin")
    return words


def _phrases(attributes: DigitAttributes) -> list[str]:
    """Noun phrases that are true of the picture, for "with ..." (two or more)."""
    phrases = ["a black background", "a dark background", "a plain background", "white ink"]
    phrases += ["clean edges", "smooth lines", f"a {attributes.font.style} font"]
    phrases.append("bold strokes" if attributes.font.bold else "thin strokes")
    if attributes.font.slanted:
        phrases.append("a slanted shape")
    if attributes.height < 10.0:
        phrases.append("a small size")
    elif attributes.height > 11.5:
        phrases.append("a large size")
    if abs(attributes.rotation) > 8.0:
        phrases.append("a tilt to the left" if attributes.rotation > 0 else "a tilt to the right")
    return phrases


def _choose(options: tuple[str, ...], generator: np.random.Generator) -> str:
    return options[int(generator.integers(len(options)))]


def make_caption(attributes: DigitAttributes, generator: np.random.Generator) -> str:
    """Describe a picture in one sentence that holds its class name as a word.

    Two captions in five name the class only; the others tell what the picture looks like too.
    """
    kind = generator.random()
    if kind < 0.4:
        return _choose(PLAIN_TEMPLATES, generator).format(name=attributes.name)
    if kind < 0.7:
        phrases = generator.permutation(_phrases(attributes))
        template = _choose(WITH_TEMPLATES, generator)
        return template.format(name=attributes.name, first=phrases[0], second=phrases[1])
    words = _adjectives(attributes)
    count = int(generator.integers(1, len(words) + 1))
    chosen = sorted(generator.permutation(len(words))[:count])
    looks = " ".join(words[index] for index in chosen)
    template = _choose(ADJECTIVE_TEMPLATES if kind < 0.85 else FONT_TEMPLATES, generator)
    return template.format(name=attributes.name, looks=looks, style=attributes.font.style)
