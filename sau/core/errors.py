"""What a stage raises on purpose, and the exit codes that it ends in."""

from collections.abc import Iterator
from contextlib import contextmanager

EXIT_USER_ERROR = 2
EXIT_STOPPED_EARLY = 75
"""EX_TEMPFAIL of sysexits.h: not done yet, try again."""


class UserError(Exception):
    """Bad input, said in one line: what, where, what was expected, how to fix it.

    The command line prints the message without a traceback and exits with code 2; anything else
    that is raised is a defect of `sau` and keeps its traceback.
    """


class ArgumentError(ValueError):
    """A bad argument of the library, said in one line that begins with its name.

    Stages call the library with settings of the same names: `naming_section` puts their section
    before the name.
    """


@contextmanager
def naming_section(section: str) -> Iterator[None]:
    """Turn an `ArgumentError` into a `UserError` about the setting `section.NAME`."""
    try:
        yield
    except ArgumentError as error:
        raise UserError(f"{section}.{error}") from error


class StoppedEarlyError(Exception):
    """A stage that was asked to stop has done so, and the same command goes on where it stopped.

    The message says in one line how far it came. The command line prints it and exits with code 75
    (EX_TEMPFAIL of sysexits.h: try again), or with 130 after Ctrl-C, as everything does.

    Args:
        message: the line.
        exit_code: of the command line.
    """

    def __init__(self, message: str, exit_code: int = EXIT_STOPPED_EARLY) -> None:
        super().__init__(message)
        self.exit_code = exit_code
