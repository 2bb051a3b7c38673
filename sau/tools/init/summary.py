"""What `sau init` prints of a folder."""

from collections.abc import Iterator, Sequence

import pandas as pd

from sau.core.printable import one_line
from sau.tools.init.colours import is_swapped, mean_colours
from sau.tools.init.copies import NEAR, Copies, find_copies
from sau.tools.init.folder import FEW_TEST_IMAGES, Folder

_SHOWN = 20
"""Classes that are listed one by one."""


def summary(folder: Folder) -> list[str]:
    """Return what there is to say of a folder's images, in lines; warnings begin with `!`."""
    return [
        *_classes(folder),
        *_sizes(folder.readable),
        *_unreadable(folder.images),
        *_copies(find_copies(folder.readable), drawn=not folder.has_test),
        *_colours(folder.readable),
        *_testing(folder),
    ]


def _classes(folder: Folder) -> Iterator[str]:
    train, test = folder.counts(is_test=False), folder.counts(is_test=True)
    names = [one_line(name, 40) for name in folder.class_names]
    ratio = max(train) / max(min(train), 1)
    yield (
        f"{sum(train) + sum(test):,} images of {len(names)} classes; the largest has {ratio:.3g} "
        "times as many training images as the smallest"
    )
    parts = folder.settings
    if parts.train_part:
        yield f"training images are in {parts.train_part}, test images in {parts.test_part}"
    order = sorted(range(len(names)), key=lambda label: -train[label])
    shown = order if len(order) <= _SHOWN else [*order[: _SHOWN // 2], *order[-_SHOWN // 2 :]]
    width = max(len(names[label]) for label in shown)
    for place, label in enumerate(shown):
        if len(order) > _SHOWN and place == _SHOWN // 2:
            yield f"  ... {len(order) - _SHOWN} more"
        yield f"  {names[label]:<{width}}  {train[label]:>7,} training {test[label]:>7,} test"


def _sizes(images: pd.DataFrame) -> Iterator[str]:
    shorter = images[["width", "height"]].min(axis=1)
    sizes = images.value_counts(["width", "height"])
    if len(sizes) == 1:
        yield f"sizes: all {images.width.iloc[0]} x {images.height.iloc[0]} pixels"
    else:
        yield (
            f"sizes: {len(sizes):,}; the shorter side has {shorter.min()} to {shorter.max()} "
            f"pixels, {shorter.median():.0f} in the middle"
        )
    modes = images["mode"].value_counts()
    yield "modes: " + ", ".join(f"{mode} {count:,}" for mode, count in modes.items())


def _unreadable(images: pd.DataFrame) -> Iterator[str]:
    broken = images[images.reason != ""]
    if len(broken):
        first = broken.iloc[0]
        yield (
            f"! {len(broken):,} cannot be read, such as {one_line(first.id)}: "
            f"{one_line(first.reason)}"
        )


def _copies(copies: Copies, *, drawn: bool) -> Iterator[str]:
    texts = {
        "exact": "have the same bytes as another image",
        "torn": "have the same bytes as an image of another class",
        "leaked": "test images have the same bytes as a training image",
        "alike": f"look nearly like another image (hashes differ in at most {NEAR} of 64 bits)",
        "alike_across": "test images look nearly like a training image"
        + (
            ", which the random split has divided: better bring test images of your own"
            if drawn
            else ""
        ),
    }
    found = [(name, text) for name, text in texts.items() if getattr(copies, name)]
    for name, text in found:
        mark = "" if name in ("exact", "alike") else "! "
        yield f"{mark}{getattr(copies, name):,} {text}, such as {one_line(copies.examples[name])}"
    if not found:
        yield "no copies, and none that look nearly alike"


def _colours(images: pd.DataFrame) -> Iterator[str]:
    parts = mean_colours(images)
    means = "; ".join(f"{name} {_numbers(colour)}" for name, colour in parts.items())
    yield f"mean red, green, blue: {means}"
    if is_swapped(images):
        yield (
            "! red and blue seem to be swapped in one part: class by class, the colours of the "
            "training and the test images fit when they are swapped, and do not as they are"
        )


def _numbers(colour: Sequence[float]) -> str:
    return " ".join(f"{value:.3f}" for value in colour)


def _testing(folder: Folder) -> Iterator[str]:
    tested = folder.counts(is_test=True)
    total, untested = sum(tested), sum(not count for count in tested)
    if folder.has_folds:
        yield (
            f"a share for testing would be fewer than {FEW_TEST_IMAGES} images, so the config has "
            f"{folder.settings.folds} folds: each image is tested on once"
        )
        return
    if total < FEW_TEST_IMAGES:
        points = 100 / max(total, 1) ** 0.5
        yield f"! {total} test images: a top-1 accuracy is known to about {points:.0f} points only"
    if untested:
        yield f"! {untested} classes have no test image"
