import signal
import subprocess
import sys

import pytest

from sau.__main__ import main


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "sau", *words], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["promtps"], "did you mean 'prompts'?"),
        (
            ["prompts", "--train-images", "no.parquet", "--output", "o.parquet"],
            "no.parquet: no such manifest",
        ),
        (
            ["prompts", "--train-images", "a", "--output", "b", '--templates=["no name"]'],
            "prompts.templates: 'no name' must have {name}",
        ),
        (
            ["prompts", "--train-images", "a", "--output", "b", '--attributes={"place": "places"}'],
            "prompts.attributes.place: 'places' must be a list of phrases",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(words, message, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_unknown_flag_exits_with_2():
    done = run("prompts", "--train-images", "a", "--output", "b", "--sede", "3")
    assert done.returncode == 2
    line = "sau prompts: error: unknown flag --sede (did you mean '--seed'?); "
    assert done.stderr == f"{line}see sau prompts --help\n"


def test_usage_lists_the_stages_in_the_order_of_the_data_flow():
    text = run("--help").stdout
    order = ["dataset", "prompts", "images", "scores", "filter", "subset", "training"]
    positions = [text.index(f"  {name} ") for name in order]
    assert positions == sorted(positions)


def test_message_cannot_act_on_the_terminal(capsys):
    assert main(["prompts", "--train-images", "a\x1b[2Jb\u202e.parquet", "--output", "o"]) == 2
    assert r"a\x1b[2Jb\u202e.parquet: no such manifest" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["prompts", "--\x1b[31mred"])
    assert r"unknown flag --\x1b[31mred" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_command_in_one_line(number):
    """Early, while the stage is still being imported."""
    command = [sys.executable, "-X", "importtime", "-m", "sau", "training", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "sau.core.no_input" in line:
            process.send_signal(number)
            break
    rest = [line for line in process.stderr if not line.startswith("import time:")]
    assert process.wait(timeout=60) == 128 + number, rest
    assert rest == [f"sau training: interrupted by {number.name}; run again to go on\n"]
