"""What a reader may do with odd input: be right, or refuse in one line. Everything else is a fault.

Each test counts what it tried; `make fuzz` prints the sums (tests/fuzz/conftest.py).
"""

import contextlib
import io
import json
import logging
import os
import signal
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis

from sau.__main__ import main
from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.core.printable import printable

SCALE = int(os.environ.get("SAU_FUZZ", "1"))
"""How many times as many inputs as in a run of all tests; `make fuzz` sets it."""

LONGEST = 20
"""Seconds after which an input counts as a hang; a hundred times what the slowest takes."""

COUNTS: defaultdict[str, Counter[str]] = defaultdict(Counter)
"""Inputs that were right and that were refused, by reader."""


def inputs(count: int) -> hypothesis.settings:
    """Return how many inputs a test tries."""
    return hypothesis.settings(max_examples=count * SCALE)


def check_command(
    reader: str, words: Sequence[object], written: Path, right: Callable[[], None]
) -> None:
    """Run a command: if it ends well, `right` must hold; else it says one line and writes nothing.

    Args:
        reader: what the input is counted under.
        words: of the command line, without `sau`.
        written: the folder of its outputs, which must not be there yet.
        right: raises AssertionError if the outputs are not what the input means.
    """
    code, said = run_command(words)
    if code == 0:
        right()
        COUNTS[reader]["right"] += 1
        return
    assert code == EXIT_USER_ERROR, f"exit code {code}: {said}"
    errors = [line for line in said.splitlines() if ": error: " in line]
    assert len(errors) == 1, said
    assert said.splitlines()[-1] == errors[0], said
    check_line(errors[0])
    left = [path for path in written.rglob("*") if path.is_file()] if written.exists() else []
    assert not left, left
    COUNTS[reader]["refused"] += 1
    hypothesis.event(errors[0][:90])


def dataset_words(out: Path, folder: object, class_names: Sequence[str]) -> list[object]:
    """Return a command that reads a folder of class folders, one test image of each class."""
    words = ["dataset", "--train", out / "train.parquet", "--test", out / "test.parquet"]
    names = f"--class-names={json.dumps(list(class_names))}"
    return [*words, "--source=image-folder", f"--folder={folder}", "--test-per-class=1", names]


def check_call(reader: str, call: Callable[[], Any], right: Callable[[Any], None]) -> None:
    """Call a reader: what it returns must be `right`, or it raises one line."""
    try:
        with deadline():
            found = call()
    except UserError as error:
        check_line(printable(str(error)))  # as all that print it do
        COUNTS[reader]["refused"] += 1
        hypothesis.event(str(error)[:90])
        return
    right(found)
    COUNTS[reader]["right"] += 1


def check_line(line: str) -> None:
    """Check that an error is one line that a terminal shows as it is."""
    assert line.strip()
    assert len(line) < 4000, line
    odd = [character for character in line if unicodedata.category(character) in ("Cc", "Cs")]
    assert not odd, ascii(line)
    assert "Traceback" not in line


def run_command(words: Sequence[object]) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it said on standard error."""
    said = io.StringIO()
    handlers, logging.root.handlers = logging.root.handlers, []
    try:
        with deadline(), contextlib.redirect_stderr(said):
            code = main([str(word) for word in words])
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    finally:
        logging.root.handlers = handlers
    return code, said.getvalue()


@contextlib.contextmanager
def deadline() -> Iterator[None]:
    """Fail what takes so long that it would count as a hang."""

    def late(*_: object) -> None:
        raise AssertionError(f"no end after {LONGEST} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
