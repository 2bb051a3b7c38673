"""What is said of classes that synthetic images do not fill: the worst first, and what helps."""

from collections.abc import Sequence

from sau.core.errors import UserError

_SHARES = "filter.keep_fraction or filter.helpful_fraction"

ADVICE = {
    "": "make or import more images of these classes, or keep more of them in the filter",
    "prompts": f"raise prompts.per_class, {_SHARES}",
    "rounds": f"raise rounds.most, rounds.over_generation, {_SHARES}",
    "imported": "import more images of these classes, or raise images.images_per_class, "
    f"{_SHARES} if they leave some out",
}
"""What helps, by how the number of images comes about; empty: nobody says."""

UNDERFILL = "or set complement.on_shortage to underfill, which leaves these classes smaller"

_NAMED = 5
"""So many classes are named in a sentence; the rest are counted."""


def shortage(lacking: Sequence[int], there: Sequence[int], class_names: Sequence[str]) -> str:
    """Return what is lacking, the worst class first; nothing if every class can be filled.

    Args:
        lacking: images that each class lacks, in label order.
        there: synthetic images that there are of each.
        class_names: in label order.
    """
    counts = zip(class_names, lacking, there, strict=True)
    short = [(want - got, name, want, got) for name, want, got in counts if got < want]
    short.sort(key=lambda row: -row[0])
    if not short:
        return ""
    named = "; ".join(f"{name} lacks {want}, has {got}" for _, name, want, got in short[:_NAMED])
    more = f"; and {len(short) - _NAMED} more classes" if len(short) > _NAMED else ""
    return f"too few kept synthetic images: {named}{more}"


def advice(made_by: str) -> str:
    """Return what helps against a shortage.

    Args:
        made_by: a name in `ADVICE`.

    Raises:
        UserError: another one.
    """
    if made_by not in ADVICE:
        known = ", ".join(filter(None, ADVICE))
        raise UserError(f"--made-by: {made_by!r}; expected one of {known}, or nothing")
    return f"{ADVICE[made_by]}, {UNDERFILL}"
