"""Processes of their own for tests of the storage room, and the names that they leave behind."""

import re
import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

HOLD = """
import sys
from pathlib import Path
from sau.core.errors import UserError
from sau.storage.lock import locked
try:
    with locked(*map(Path, sys.argv[1:])):
        print("held", flush=True)
        sys.stdin.readline()
except UserError as error:
    print(error, flush=True)
    sys.exit(2)
"""
"""Holds the locks of the paths that it is given until a line or the end of its input comes."""


def start(code: str, *words: str | Path) -> subprocess.Popen[str]:
    """Start Python with a program and its words; its input and output are pipes."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def holder(*paths: Path) -> subprocess.Popen[str]:
    """Start a process that holds locks, and return when it does."""
    process = start(HOLD, *paths)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process, and take note of its end."""
    process.kill()
    process.communicate()


def names_left(folder: Path) -> list[str]:
    """Return what is in a folder, without what tells one process's temporary names from another's.

    So `.table.parquet.host-0123abcd-4711-0123abcd.part` is `.table.parquet.part`.
    """
    return sorted(without_process(path.name) for path in folder.iterdir())


def without_process(name: str) -> str:
    """Return one such name without the process."""
    return re.sub(r"\.[^.]*-[0-9a-f]{8}-\d+-[0-9a-f]{8}(?=\.(part|old)$)", "", name)
