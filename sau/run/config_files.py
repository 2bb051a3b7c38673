"""The config files that a command line names, looked at before Snakemake reads them."""

from collections.abc import Sequence
from pathlib import Path

from sau.config import read_config_file
from sau.run.command import FILE_FLAGS, values_of
from sau.run.leaving import leaving_on_bad_input

DEFAULT = Path("config.yaml")
"""Beside the Snakefile, in the folder that Snakemake was started in."""


def leave_if_unreadable(words: Sequence[str]) -> None:
    """Say in one line which config file cannot be read, and leave with code 2.

    Snakemake reads config files before the Snakefile, and ends in a traceback where one is no text
    in UTF-8, so its profile calls this. A file that it looks for itself is left to it.

    Args:
        words: what stands after `snakemake`.
    """
    with leaving_on_bad_input():
        for path in config_files(words):
            if path.exists():
                read_config_file(path)


def config_files(words: Sequence[str]) -> list[Path]:
    """Return the config files that the words name, or the default one."""
    return [Path(name) for name in values_of(FILE_FLAGS, words)] or [DEFAULT]
