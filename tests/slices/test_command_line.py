"""The command line of scripts/slices."""

import pytest

from scripts.slices.__main__ import main


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
