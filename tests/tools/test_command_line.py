"""Tools on the command line, beside the stages."""

import inspect

import pytest

from sau.__main__ import main, split_command, usage
from sau.tools import TOOLS


@pytest.mark.parametrize("name", TOOLS)
def test_tool_has_help_that_explains_its_flags(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*name.split(), "--help"])
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"usage: sau {name}" in text
    for parameter in inspect.signature(TOOLS[name].load()).parameters.values():
        is_word = parameter.kind is inspect.Parameter.POSITIONAL_ONLY
        flag = f"--{parameter.name.replace('_', '-')}"
        assert (parameter.name.upper() if is_word else flag) in text


def test_help_says_what_a_docstring_says_of_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["convert", "glide", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--output PATH folder to write; must not exist. (required)" in text
    assert "the published upsample.pt; without it only the base network is converted." in text


def test_usage_lists_the_tools() -> None:
    assert all(f"  {tool.name} " in usage() for tool in TOOLS.values())


def test_commands_are_told_from_their_flags() -> None:
    assert split_command(["fetch", "glide", "--output", "x"]) == ("fetch glide", ["--output", "x"])
    assert split_command(["images", "glide"]) == ("images", ["glide"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fetch"], "fetch: unknown command; did you mean 'fetch glide'?"),
        (["convert", "gilde"], "did you mean 'convert glide'?"),
        (["promtps", "--output", "x"], "promtps: unknown command; did you mean 'prompts'?"),
    ],
)
def test_command_that_is_not_there(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err
