"""Which class each name of a source means: one reading for all names of it, or a refusal."""

from collections.abc import Sequence

import numpy as np

from sau.core.errors import UserError
from sau.sources.naming import labels_by_name, nearest, plain_name, quoted
from sau.sources.record import Listing


def labels_of_names(names: Sequence[str], class_names: Sequence[str], where: str) -> list[int]:
    """Return the label of the class that each of `names` means, by one reading for all of them.

    The first reading that fits all of them counts:

    1. class names, exactly;
    2. class names but for case, `_`, `-`, spaces and, where classes are called by numbers, leading
       zeros;
    3. indices of classes, from 0; never where a class is called by a number, or where one of the
       names is a class name.

    Args:
        names: as a source or a setting has them, each once.
        class_names: in label order.
        where: what to blame.

    Raises:
        UserError: a name is no class (with the nearest one), two classes are spelt like it, or
            some are class names and others indices.
    """
    exact = labels_by_name(class_names)
    alike = labels_by_name(map(spelling, class_names))
    found = [_matches(name, exact, alike) for name in names]
    for name, labels in zip(names, found, strict=True):
        if len(labels) > 1:
            raise UserError(
                f"{where}: {quoted(name)} is the name of classes {labels[:9]}; rename one of them, "
                "or name every class by its index"
            )
    if all(found):
        return [labels[0] for labels in found]
    numbers = all(is_number(name) for name in names)
    if numbers and not any(found) and not any(map(is_number, class_names)):
        return _as_indices(names, len(class_names), where)
    name = next(name for name, labels in zip(names, found, strict=True) if not labels)
    known = next((name for name, labels in zip(names, found, strict=True) if labels), None)
    if is_number(name) and known is not None:
        raise UserError(
            f"{where}: no class is called {quoted(name)}, though one is called {quoted(known)}; "
            "names and indices are not mixed: call all of them by the class names"
        )
    raise UserError(f"{where}: no class is called {quoted(name)}; {nearest(name, class_names)}")


def labels_by_order(own: Sequence[str], given: Sequence[str], where: str) -> list[int]:
    """Return the label that each class of a source gets where class names are given.

    Given names that are the source's own decide the order. Others are titles of the source's
    classes in the source's order.

    Args:
        own: the source's names, in its label order.
        given: `dataset.class_names`, as many.
        where: what to blame.

    Returns: for each class of the source, its place in `given`.

    Raises:
        UserError: some of the given names are the source's, at another place, and others are not.
    """
    places = {spelling(name): place for place, name in enumerate(given)}
    labels = [places.get(spelling(name)) for name in own]
    if None not in labels and len(places) == len(given):
        return [label for label in labels if label is not None]
    for place, label in enumerate(labels):
        if label is not None and label != place:
            odd = own[labels.index(None)] if None in labels else own[place]
            raise UserError(
                f"{where}: class {place} is called {own[place]!r}, which is name {label} of "
                f"dataset.class_names, but {odd!r} is not named there; name all classes as the "
                "source does, in the order that you want, or give titles in the source's order"
            )
    return list(range(len(own)))


def relabel(listing: Listing, labels: Sequence[int]) -> Listing:
    """Return the listing with `labels[c]` in place of each label c."""
    return Listing(
        listing.ids, np.asarray(labels, dtype=np.int64)[listing.labels], listing.rows, listing.fetch
    )


def spelling(name: str) -> str:
    """Return a name without what differs between spellings of a class, leading zeros too."""
    plain = plain_name(name)
    return (plain.strip().lstrip("0") or "0") if is_number(plain) else plain


def is_number(name: str) -> bool:
    """Return whether a name is a whole number in digits."""
    text = name.strip()
    return text.isascii() and text.isdigit()


def _matches(name: str, exact: dict[str, list[int]], alike: dict[str, list[int]]) -> list[int]:
    if len(exact.get(name, [])) == 1:
        return exact[name]
    return alike.get(spelling(name), [])


def _as_indices(names: Sequence[str], classes: int, where: str) -> list[int]:
    digits = len(str(classes))
    outside = next(
        (n for n in names if len(n.strip().lstrip("0")) > digits or int(n) >= classes), None
    )
    if outside is not None:
        raise UserError(
            f"{where}: {quoted(outside)} is neither the name of a class nor an index, 0 to "
            f"{classes - 1}; call all of them by the class names"
        )
    return [int(name) for name in names]
