"""Programs in forked processes do as those do that Python starts."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.forked_jobs import job_python
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


def test_jobs_side_by_side_have_folder_words_streams_and_environment_of_their_own(
    tmp_path: Path,
) -> None:
    text = MAIN.format(code=75).replace("sys.argv[1:]", "sys.argv[1:], input(), os.environ['OF']")
    (tmp_path / "program.py").write_text(f"import os{text}")
    jobs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "mine.py").write_text(f"NAME = {name!r}\n")
        environment = os.environ | {"PYTHONPATH": os.fspath(tmp_path), "OF": name.upper()}
        words = [job_python(), "-m", "program", "a", "b c"]
        pipe = subprocess.PIPE
        jobs.append(
            subprocess.Popen(
                words, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
            )
        )
    for name, job in reversed(list(zip(("one", "two"), jobs, strict=True))):
        said, errors = job.communicate(f"to {name}\n")
        assert said == f"{name} ['a', 'b c'] to {name} {name.upper()} __main__\n"
        assert errors == "an error\n"
        assert job.returncode == 75


def test_job_that_is_killed_fails(tmp_path: Path) -> None:
    (tmp_path / "killed.py").write_text("import os; os.kill(os.getpid(), 9)\n")
    done = subprocess.run([job_python(), "killed.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "the job died\n")
