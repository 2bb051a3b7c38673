"""Whether the manifests that a stage reads belong together, by what each of them records."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sau.core.errors import UserError
from sau.storage.manifest.reading import read_record
from sau.storage.manifest.record import Record
from sau.storage.place import refuse_other_place
from sau.storage.sealed import hash_of_json

ASKED = ("images", "scores", "scores.images", "kept.scores.images")
"""Inputs of many files that a rule asks for one by one."""

MANY = 100
"""Hashes of other inputs beyond which one hash of them all is recorded."""

OF_ALL = "all"
"""What the name of such an input ends in, so that no rule takes it for the hash of a file."""

Inputs = Mapping[str, Path | Sequence[Path]]


class Link(NamedTuple):
    """One kind of input that was made from another.

    `child` and `parent` are names of inputs. `recorded` is what the child's provenance calls the
    parent: an input of its stage, such as `scores`, or of an earlier one, such as `scores.images`.
    """

    child: str
    recorded: str
    parent: str


class Agree(NamedTuple):
    """Facts of which all these inputs must tell the same, as far as they tell them."""

    facts: tuple[str, ...]
    inputs: tuple[str, ...]


class Split(NamedTuple):
    """An input that must be of one kind of images: training, test or synthetic."""

    input: str
    split: str


class Shared(NamedTuple):
    """An input whose files must all have been made from the same, by what they record of it.

    One of the hashes is enough: some may have been made from a selection of it.
    """

    input: str
    recorded: str


class Within(NamedTuple):
    """An input whose files must all have been made from files that another was made from too."""

    input: str
    recorded: str
    whole: str


def check_inputs(inputs: Inputs, *rules: Link | Agree | Shared | Split | Within) -> None:
    """Refuse manifests of which one was not made from another, or not for the place where it lies.

    What a manifest does not record is not asked for: a table that somebody has made by hand, or
    brought from elsewhere, belongs to any.

    Args:
        inputs: what a stage reads, by name; a name without a file is left out.
        rules: what must hold of them.

    Raises:
        UserError: the first two that do not belong together, and what to do.
    """
    files = {
        name: [(path, read_record(path)) for path in paths_of(given)]
        for name, given in inputs.items()
    }
    for path, record in (pair for pairs in files.values() for pair in pairs):
        refuse_other_place(path, record.provenance)
    for rule in rules:
        if isinstance(rule, Link):
            _check_link(rule, files)
        elif isinstance(rule, Agree):
            _check_agreement(rule, files)
        elif isinstance(rule, Shared):
            _check_shared(rule, files)
        elif isinstance(rule, Within):
            _check_within(rule, files)
        else:
            _check_split(rule, files)


_Files = Mapping[str, Sequence[tuple[Path, Record]]]


def paths_of(given: Path | Sequence[Path]) -> list[Path]:
    """Return the files of an input, be it one or several."""
    return [given] if isinstance(given, Path) else list(given)


def recorded_hashes(provenance: Mapping[str, Any], name: str) -> list[str]:
    """Return the content hashes that provenance has of an input.

    Args:
        provenance: of the manifest that was made from it.
        name: of the input; with points for one of an earlier stage.

    Returns: also those of the whole that the input was a selection from; none if there are none.
    """
    known = provenance.get("inputs", {}) | provenance.get("earlier_inputs", {})
    return [*known.get(name, []), *known.get(f"{name}.selected_from", [])]


def _check_link(link: Link, files: _Files) -> None:
    for child, record in files.get(link.child, []):
        for parent, found in files.get(link.parent, []):
            if not is_made_from(record, link.recorded, found):
                raise UserError(
                    f"{child}: made from other {link.parent.replace('_', ' ')} than {parent}, by "
                    f"the hash that it records; {_again(record, link.recorded)}, or put the right "
                    "file back"
                )


def _again(record: Record, recorded: str) -> str:
    """Return what to run; a stage that is run again alone would read the same input once more."""
    first, *further = recorded.split(".")
    stage = _stage_of(record)
    return f"make its {first} again, then run {stage}" if further else f"run {stage} again"


def _stage_of(record: Record) -> str:
    stage = record.provenance.get("stage")
    return f"the {stage} stage" if stage else "its stage"


def _check_agreement(rule: Agree, files: _Files) -> None:
    for fact in rule.facts:
        first: tuple[Path, Any] | None = None
        for path, record in (pair for name in rule.inputs for pair in files.get(name, [])):
            if fact not in record.provenance:
                continue
            value = record.provenance[fact]
            first = first or (path, value)
            if value != first[1]:
                raise UserError(
                    f"{path}: {fact} differs from that of {first[0]}; give files of one run, or "
                    f"run {_stage_of(record)} again"
                )


def _check_shared(rule: Shared, files: _Files) -> None:
    first: Path | None = None
    expected: list[str] = []
    for path, record in files.get(rule.input, []):
        found = recorded_hashes(record.provenance, rule.recorded)
        if found and first is None:
            first, expected = path, found
        if found and not set(found) & set(expected):
            name = rule.recorded.split(".")[-1].replace("_", " ")
            raise UserError(
                f"{path}: made from other {name} than {first}; give files of one run, or "
                f"{_again(record, rule.recorded)}"
            )


def _check_within(rule: Within, files: _Files) -> None:
    for whole, record in files.get(rule.whole, []):
        known = set(recorded_hashes(record.provenance, rule.recorded))
        for path, part in files.get(rule.input, []):
            found = recorded_hashes(part.provenance, rule.recorded)
            if found and known and known.isdisjoint(found):
                raise UserError(
                    f"{path}: made from other {rule.recorded} than {whole}, by the hashes that "
                    f"both record; run {_stage_of(record)} on these {rule.recorded}"
                )


def _check_split(rule: Split, files: _Files) -> None:
    for path, record in files.get(rule.input, []):
        found = record.provenance.get("split", rule.split)
        if found != rule.split:
            raise UserError(
                f"{path}: holds the {found} images, expected the {rule.split} images; give the "
                f"right file, or run {_stage_of(record)} again"
            )


def is_made_from(record: Record, recorded: str, parent: Record) -> bool:
    """Return whether a manifest was made from another, as far as it records what from.

    Args:
        record: of the manifest.
        recorded: what its provenance calls the other, as in `Link`.
        parent: of the other.
    """
    expected = set(recorded_hashes(record.provenance, recorded))
    return not expected or not expected.isdisjoint(_hashes_of(parent))


def few(hashes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return recorded hashes by input, with one in place of many where no rule asks for each.

    Args:
        hashes: of each input's files, or of earlier ones, by name.

    Returns: `NAME.all` has the hash of the hashes of NAME.
    """
    found = {}
    for name, digests in hashes.items():
        if len(digests) <= MANY or name.removesuffix(".selected_from") in ASKED:
            found[name] = list(digests)
        else:
            found[f"{name}.{OF_ALL}"] = [hash_of_json(list(digests))]
    return found


def earlier_inputs(records: Mapping[str, Sequence[Record]]) -> dict[str, list[str]]:
    """Return the hashes that inputs record of their own inputs, by names with points.

    `scores.images` are the images that the scores were made from; `images.selected_from` is the
    manifest that holds all rows of which an input has some. Four names in a row are kept at most,
    as no rule asks for more, and of many files what `few` returns.

    Args:
        records: what the manifests say of themselves, by the input's name.
    """
    found: dict[str, list[str]] = {}
    for name, digest in _earlier(records):
        if name.count(".") <= 3:
            found.setdefault(name, []).append(digest)
    return few({name: list(dict.fromkeys(digests)) for name, digests in sorted(found.items())})


def _earlier(records: Mapping[str, Sequence[Record]]) -> Iterator[tuple[str, str]]:
    for name, found in records.items():
        for made in (record.provenance for record in found):
            for before, digests in (*_known(made).items(), *_selected(made)):
                yield from ((f"{name}.{before}", digest) for digest in digests)


def _known(made: Mapping[str, Any]) -> dict[str, list[str]]:
    return dict(made.get("inputs", {})) | dict(made.get("earlier_inputs", {}))


def _selected(made: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [("selected_from", [made["selected_from"]])] if "selected_from" in made else []


def _hashes_of(record: Record) -> set[str]:
    """Return the hash of a manifest's rows, and of the whole that they are a selection from."""
    return {record.content_sha256, *(made for _, (made,) in _selected(record.provenance))}
