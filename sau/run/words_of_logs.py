"""What the logs of a run's jobs say that nobody should miss: warnings, and why a job failed."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sau.core.printable import one_line

_MOST = 1 << 22
"""Bytes of a log that are looked at."""
_END = 1 << 12
"""Bytes at a log's end in which its last progress line stands."""
_LEFT = re.compile(r"\| \d+/\d+ \[[0-9:]+<([0-9:]+), ")
"""In a progress line (tqdm's): the time that is left, as hours, minutes and seconds."""
_WARNING = re.compile(r"sau [^:]+: WARNING: (.*)")
_ERROR = re.compile(r"sau [^:]+: error: (.*)")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b.*")


def warnings_of(logs: Iterable[Path]) -> Counter[str]:
    """Return how often each warning stands in the logs."""
    found: Counter[str] = Counter()
    for log in logs:
        found.update(one_line(m.group(1)) for m in map(_WARNING.match, _lines(log)) if m)
    return found


def error_of(log: Path) -> str:
    """Return the line that says why a job failed: the stage's own, an exception's, or the last."""
    lines = _lines(log)
    for pattern in (_ERROR, _RAISED):
        matches = [match for match in map(pattern.match, lines) if match]
        if matches:
            return one_line(matches[-1].group(1 if pattern is _ERROR else 0))
    said = [line for line in lines if line.strip()]
    return one_line(said[-1]) if said else "it said nothing; was it killed?"


def seconds_left(log: Path) -> float | None:
    """Return the seconds that a running job's last progress line says are left; None if none."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _END, 0))
            text = file.read(_END).decode("utf-8", "replace")
    except OSError:
        return None
    found = _LEFT.findall(text)
    if not found:
        return None
    seconds = 0.0
    for part in found[-1].split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def _lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            text = file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return []
    return re.split(r"[\r\n]+", text)
