"""The command line of scripts/slices."""

from pathlib import Path

import pytest

from scripts.slices import early
from scripts.slices.__main__ import main
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("words", "command", "line"),
    [
        ([], "", "the following arguments are required: command"),
        (["run", "p", "--sec", "3"], " run", "unknown flag --sec (did you mean '--seconds'?)"),
        (
            ["run", "p", "--output", "o", "--seconds", "x"],
            " run",
            "argument --seconds: invalid float value: 'x'",
        ),
    ],
)
def test_wrong_flags_are_said_in_one_line(
    words: list[str], command: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    program = f"python -m scripts.slices{command}"
    assert capsys.readouterr().err == f"{program}: error: {line}; see {program} --help\n"


def test_config_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pack", str(tmp_path / "no.yaml"), "--output", str(tmp_path / "pack")]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"slices: error: {tmp_path / 'no.yaml'}: No such")


def test_pack_that_is_there_is_said_before_its_data_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "make_early_stages", lambda *_: pytest.fail("hours of work"))
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "jobs.json").write_text("{}")
    words = ["pack", str(ROOT / "config.yaml"), "--output", str(tmp_path / "pack")]
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
