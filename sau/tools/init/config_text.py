"""The config file that `sau init` writes."""

import json
from collections.abc import Iterator

from sau.tools.init.choices import PRETRAINED, Choices
from sau.tools.init.folder import Folder

_COLUMN = 30
"""Where comments begin."""


def config_text(folder: Folder, choices: Choices, *, name: str, results: str) -> str:
    """Return a commented config, YAML, that trains on the real images of a folder alone.

    Args:
        folder: the images.
        choices: settings that fit them.
        name: what the data set is called.
        results: folder of the results.
    """
    sections = {
        "experiment": _experiment(results),
        "dataset": _dataset(folder, choices, name),
        "training": _training(choices),
        "evaluation": _evaluation(choices),
        "report": iter([_line("title", _text(name))]),
    }
    blocks = [f"{section}:\n" + "\n".join(lines) for section, lines in sections.items()]
    return "\n\n".join([_head(folder), *blocks]) + "\n"


def _head(folder: Folder) -> str:
    counts = folder.counts(is_test=False)
    command = "sau cross-validate" if folder.has_folds else "sau run"
    return f"""\
# Written by `sau init`, for {sum(counts)} training images of {len(counts)} classes.
# Change what you like: `sau STAGE --help` lists the keys of a section.
# See what it costs:   sau plan --config THIS_FILE
# Run it:              {command} --config THIS_FILE"""


def _experiment(results: str) -> Iterator[str]:
    yield _line("results", _text(results))
    yield _line("imbalance_factors", "[as-is]", "every image, long-tailed as they are")
    yield _line("seeds", "[0, 1, 2]", "each row is trained so often; fewer say less")


def _dataset(folder: Folder, choices: Choices, name: str) -> Iterator[str]:
    yield _line("name", _text(name))
    yield _line("source", "image-folder")
    yield _line("folder", _text(folder.settings.folder))
    yield from _split(folder)
    yield _line("image_size", choices.image_size, "pixels; the centre square of each image")


def _split(folder: Folder) -> Iterator[str]:
    settings, tested = folder.settings, sum(folder.counts(is_test=True))
    if settings.train_part:
        yield _line("train_part", _text(settings.train_part))
        yield _line("test_part", _text(settings.test_part))
    elif folder.has_folds:
        yield "  # A share for testing would be too few images: each part has its turn."
        yield _line("test_split", "folds")
        yield _line("folds", settings.folds)
        yield _line("fold", settings.fold, f"the part that `sau run` tests on: {tested} images")
    elif not folder.has_test:
        drawn = f"of each class, drawn by the seed: {tested} images in all"
        yield _line("test_split", "share", drawn)
        yield _line("test_share", settings.test_share)
        yield _line("test_at_least", settings.test_at_least, "images of a class,")
        yield _line("test_at_most", settings.test_at_most, "but never more than this share of it")


def _training(choices: Choices) -> Iterator[str]:
    size = choices.image_size
    yield from _network(choices)
    yield _line("epochs", choices.epochs, "more are better up to a point, and take longer")
    yield _line("batch_size", choices.batch_size, "images")
    yield _line("horizontal_flip", "true", "false where a mirrored picture is wrong, as of text")
    yield _line("crop_padding", size // 8, "pixels")
    yield _line("cutout_size", size // (4 if choices.input_size else 2), "pixels")
    yield _line("decode", choices.decode, "ahead holds all images in memory; or on_demand")
    yield _line("device", choices.device)
    yield _line("threads", 1, "CPU threads of one job; several run at once")
    yield _line("runs", "", "rows of the table")
    yield from _rows(choices)


def _rows(choices: Choices) -> Iterator[str]:
    last = max(1, choices.epochs // 4)
    stage = f"epochs: {last}, learning_rate: {_number(_rate(choices) / 10)}"
    yield "    ce: {label: CE, method: cross_entropy, data: real}"
    yield "    balanced-softmax: {label: Balanced Softmax, method: balanced_softmax, data: real}"
    yield "    # With a section `images` (docs/your-own-images.md), on generated images too:"
    yield "    # ce-balanced: {label: CE*, method: cross_entropy, data: balanced}"
    yield "    # sau: {label: SAU, method: sau, data: balanced}"
    yield "    # The real images alone once more at the end (what it brought us: docs/results.md):"
    yield "    # then-real:"
    yield '    #   label: "CE*, then real"'
    yield "    #   method: cross_entropy"
    yield "    #   data: balanced"
    yield f"    #   second_stage: {{method: balanced_softmax, data: real, {stage}}}"


def _network(choices: Choices) -> Iterator[str]:
    if choices.input_size is None:
        yield _line("backbone", "resnet32", "resnet50 for sides of 128 and more, on a GPU")
        yield _line("width", 16, "channels")
        yield _line("learning_rate", _number(_rate(choices)), "cosine to 0")
        yield _line("weight_decay", "1.0e-3")
        return
    yield _line("backbone", f"timm/{PRETRAINED}", "docs/pretrained.md has others")
    yield _line("pretrained", "yes", "ImageNet's weights")
    yield _line("input_size", choices.input_size, "pixels that the network sees")
    if choices.device == "cpu":
        yield _line("freeze", "backbone", "none: all weights learn, which takes far longer")
    yield _line("optimizer", "adamw")
    yield _line("learning_rate", _number(_rate(choices)), "cosine to 0")
    yield _line("weight_decay", "1.0e-2")


def _rate(choices: Choices) -> float:
    if choices.input_size is None:
        return 0.05
    return 0.002 if choices.device == "cpu" else 0.0005


def _evaluation(choices: Choices) -> Iterator[str]:
    above, at_most = choices.many_above, choices.few_at_most
    yield _line("many_above", above, "training images of a class: more are many-shot,")
    yield _line("few_at_most", at_most, "and so many or fewer few-shot")


def _number(value: float) -> str:
    """Return digits alone: YAML takes 5e-05 for a text."""
    return f"{value:.6f}".rstrip("0")


def _line(key: str, value: object, comment: str = "") -> str:
    start = f"  {key}: {value}".rstrip()
    return f"{start:<{_COLUMN - 2}}  # {comment}" if comment else start


def _text(value: str) -> str:
    """Return a text as YAML reads it back, whatever it holds."""
    return json.dumps(value, ensure_ascii=False)
