"""One line of what `sau doctor` finds."""

import dataclasses
from enum import StrEnum


class Mark(StrEnum):
    """How good a finding is; the value is what stands before its line."""

    GOOD = "ok"
    ABSENT = "--"
    BAD = "!!"


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Attributes:
        mark: good; absent, which does not matter unless somebody wants it; or bad.
        what: the thing, and what is so.
        fix: how to change that; empty where there is nothing to do.
    """

    mark: Mark
    what: str
    fix: str = ""

    def line(self) -> str:
        """Return the line that is printed."""
        return f"{self.mark} {self.what}" + (f"; {self.fix}" if self.fix else "")


def good(what: str) -> Finding:
    """Return what is as it should be."""
    return Finding(Mark.GOOD, what)


def absent(what: str, fix: str) -> Finding:
    """Return what is not there, and whoever wants it may have."""
    return Finding(Mark.ABSENT, what, fix)


def bad(what: str, fix: str) -> Finding:
    """Return what will not work."""
    return Finding(Mark.BAD, what, fix)
