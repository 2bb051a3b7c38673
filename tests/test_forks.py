"""Programs in forked processes do as those do that Python starts."""

import subprocess
from pathlib import Path

import pytest

from tests.forks import python

MAIN = """
import sys
import mine
print(mine.NAME, sys.argv[1:], __name__)
print("an error", file=sys.stderr)
sys.exit({code})
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return python(folder, *words, preloaded=["json"])


@pytest.mark.parametrize(
    ("code", "expected", "said"),
    [("0", 0, ""), ("75", 75, ""), ("None", 0, ""), ("'gone'", 1, "gone\n")],
)
def test_program_has_its_output_and_exit_code(
    code: str, expected: int, said: str, tmp_path: Path
) -> None:
    """Twice: the second finds the package of its own folder, not that of the first."""
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "mine.py").write_text(f"NAME = {name!r}\n")
        (folder / "program.py").write_text(MAIN.format(code=code))
        for words in (["-m", "program"], [str(folder / "program.py")]):
            done = run(folder, *words, "a", "b c")
            assert done.returncode == expected
            assert done.stdout.splitlines() == [f"{name} ['a', 'b c'] __main__"]
            assert done.stderr == "an error\n" + said


def test_program_that_raises_shows_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise ValueError('for a test')\n")
    done = run(tmp_path, "bad.py")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("ValueError: for a test\n")
