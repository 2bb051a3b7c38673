import shlex
from pathlib import Path
from typing import Literal

import pytest

from sau.engine.settings import TrainingSettings
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.registry import STAGES
from sau.settings.flags import arguments_of, build_parser, call, to_flags


def stage(images: list[Path], output: Path, *, shard: int, settings: PromptsSettings) -> None:
    """Do a thing."""


def test_settings_survive_the_way_through_a_shell_line():
    settings = PromptsSettings(templates=["It's {article} {name}, 100 %.", "-{name} $HOME"], seed=3)
    words = shlex.split(f"--images a b --output c --shard 7 {to_flags(settings)}")
    found = arguments_of(stage, build_parser("prompts", stage).parse_args(words))
    assert found == {
        "images": [Path("a"), Path("b")],
        "output": Path("c"),
        "shard": 7,
        "settings": settings,
    }


def test_settings_of_every_kind_have_a_flag():
    settings = TrainingSettings(horizontal_flip=False, options={"neighbours": 3})
    flags = to_flags(settings)
    assert "--no-horizontal-flip" in flags
    assert """'--options={"neighbours": 3}'""" in flags


def test_settings_are_some_and_the_others():
    settings = TrainingSettings(decode_workers=3)
    some = to_flags(settings, affects_result=False)
    assert sorted(some.split()) == [
        "--checkpoint-every=1",
        "--decode-workers=3",
        "--decode=ahead",
        "--tracker=none",
    ]
    others = to_flags(settings, affects_result=True)
    words = sorted(shlex.split(some) + shlex.split(others))
    assert words == sorted(shlex.split(to_flags(settings)))


def test_values_may_begin_with_a_dash_and_lists_may_be_empty():
    settings = DatasetSettings(name="-odd", class_names=["-a", "b c"])
    for section in (settings, DatasetSettings()):
        words = shlex.split(f"--train a --test b {to_flags(section)}")
        parsed = build_parser("dataset", dataset).parse_args(words)
        assert arguments_of(dataset, parsed)["settings"] == section


def filter_settings(flags):
    function = STAGES["filter"].load()
    words = shlex.split(f"--scores a --output b {flags}")
    return arguments_of(function, build_parser("filter", function).parse_args(words))["settings"]


def test_null_in_place_of_a_default_survives():
    settings = FilterSettings(leak_similarity=None, blank_contrast=None, quota=3)
    flags = to_flags(settings)
    assert "--leak-similarity=null" in flags.split()
    assert "--threshold" not in flags  # null is its default
    assert filter_settings(flags) == settings


def test_word_that_is_no_number_is_refused(capsys):
    with pytest.raises(SystemExit):
        filter_settings("--leak-similarity nul")
    words = "argument --leak-similarity: invalid float value: 'nul'"
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "words", "line"),
    [
        ("training", "--epochs abc", "argument --epochs: invalid int value: 'abc'"),
        ("filter", "", "the following arguments are required: --scores, --output"),
        (
            "filter",
            "--keep-fracton=0.5 --quota many",
            "unknown flag --keep-fracton (did you mean '--keep-fraction'?)",
        ),
        ("filter", "--zzz", "unknown flag --zzz"),
        ("filter", "--scores a --output b -- --zzz", "unrecognized arguments: -- --zzz"),
        ("filter", "--scores a --output b 'two\nlines'", "unrecognized arguments: two lines"),
    ],
)
def test_wrong_flags_are_said_in_one_line(command, words, line, capsys):
    with pytest.raises(SystemExit) as stop:
        build_parser(command, STAGES[command].load()).parse_args(shlex.split(words))
    assert stop.value.code == 2
    assert capsys.readouterr() == ("", f"sau {command}: error: {line}; see sau {command} --help\n")


def test_value_that_is_none_of_a_few_is_refused(capsys):
    def draw(output: Path, *, source: Literal["glide", "diffusers"]) -> None:
        """Draw."""

    parser = build_parser("draw", draw)
    parsed = parser.parse_args(["--output", "o", "--source", "glide"])
    assert parsed.source == "glide"
    with pytest.raises(SystemExit) as leaving:
        parser.parse_args(["--output", "o", "--source", "imported"])
    assert leaving.value.code == 2
    assert "--source: invalid choice: 'imported'" in capsys.readouterr().err


def test_value_may_look_like_a_flag_if_it_has_a_space():
    assert filter_settings("--keep-fraction 0.5").keep_fraction == 0.5
    words = shlex.split("--train-images a --output '--b c'")
    function = STAGES["prompts"].load()
    parsed = build_parser("prompts", function).parse_args(words)
    assert arguments_of(function, parsed)["output"] == Path("--b c")


@pytest.mark.parametrize("name", STAGES)
def test_stage_has_help_that_names_its_flags(name, capsys):
    function = STAGES[name].load()
    with pytest.raises(SystemExit) as stop:
        build_parser(name, function).parse_args(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: sau {name}" in text
    assert function.__doc__.split("\n")[0][:30] in text


def test_positional_parameters_are_words_before_or_behind_the_flags():
    calls = []

    def tool(model: Path, images: list[Path], /, *, output: Path, top: int = 5) -> None:
        """Do a thing."""
        calls.append((model, images, output, top))

    parser = build_parser("tool", tool)
    lines = ["m a b --output o --top 3", "--output o --top 3 m a b", "m --top 3 --output o a b"]
    for line in lines:
        call(tool, parser.parse_args(line.split()))
    assert calls == [(Path("m"), [Path("a"), Path("b")], Path("o"), 3)] * 3


@pytest.mark.parametrize(
    ("line", "named"), [("m --output o", "IMAGES"), ("--output o", "MODEL, IMAGES")]
)
def test_positional_parameters_that_are_missing_are_named(line, named, capsys):
    def tool(model: Path, images: list[Path], /, *, output: Path) -> None:
        """Do a thing."""

    with pytest.raises(SystemExit) as stop:
        build_parser("tool", tool).parse_args(line.split())
    assert stop.value.code == 2
    assert f"required: {named}; see sau tool --help" in capsys.readouterr().err


def test_positional_parameter_with_a_default_may_be_left_out():
    found = []

    def tool(folder: Path = Path("data"), /, *, fast: bool = False) -> None:
        """Do a thing."""
        found.append((folder, fast))

    for line in ("", "photos --fast"):
        call(tool, build_parser("tool", tool).parse_args(line.split()))
    assert found == [(Path("data"), False), (Path("photos"), True)]
