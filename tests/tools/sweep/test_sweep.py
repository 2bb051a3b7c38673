"""`sau sweep`: the words of each run, and their table."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from sau.__main__ import main
from sau.config import Config, load
from sau.run.configured import configured, with_changes
from sau.tools.compare.command import to_text
from sau.tools.compare.read import read_results
from sau.tools.sweep.table import Swept, figures_of, table_of
from sau.tools.sweep.variants import sweep_of
from tests.paths import ROOT


def published(folder: Path, **top1: list[float]) -> Path:
    """Write a folder that holds a summary alone: top-1 of each seed by the row's label."""
    folder.mkdir()
    lines = ["method,imbalance_factor,seed,split,top1_last"]
    lines += [
        f"{label},10,{seed},all,{value}"
        for label, values in top1.items()
        for seed, value in enumerate(values)
    ]
    (folder / "summary.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_each_row_is_compared_with_itself_at_the_first_value(tmp_path: Path) -> None:
    folders = [
        published(tmp_path / "a", CE=[50.0, 52.0, 51.0], SAU=[60.0, 60.0, 60.0]),
        published(tmp_path / "b", CE=[55.0, 57.0, 56.5], SAU=[60.5, 59.5, 60.0]),
    ]
    swept = [Swept(v, read_results(f)) for v, f in zip(("1", "7.5"), folders, strict=True)]
    heading, *lines = to_text(table_of("images.guidance_scale", swept))
    assert heading.split()[:3] == ["Method", "Factor", "images.guidance_scale"]
    assert [line.split()[:3] for line in lines] == [
        ["CE", "10", "1"],
        ["CE", "10", "7.5"],
        ["SAU", "10", "1"],
        ["SAU", "10", "7.5"],
    ]
    assert "the first value" in lines[0]
    assert "better" in lines[1]
    figures = figures_of("images.guidance_scale", swept)
    assert figures["mean"].tolist() == pytest.approx([51, 168.5 / 3, 60, 60])
    assert figures["difference_mean"].tolist()[1] == pytest.approx(5 + 0.5 / 3)
    assert figures["difference_low"].isna().tolist() == [True, False, True, False]


def test_changes_of_one_section_are_joined_into_one_word(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = with_changes(
        ["images={seed: 3}", "images={guidance_scale: 1.5}", "experiment={results: 'a b'}"]
    )
    assert len(words) == 2
    config = configured(words)
    assert (config.images.seed, config.images.guidance_scale) == (3, 1.5)
    assert config.experiment.results == "a b"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["guidance_scale", "1", "2"], "KEY: guidance_scale: expected a section"),
        (["experiment.results", "a", "b"], "expected a section other than experiment"),
        (["images.guidance_scale", "1"], "VALUES: 1: expected two or more"),
        (["images.guidance_scale", "1", "1"], "each once"),
        (["images.model", "a/b", "a_b"], "two of them have one folder"),
        (["images.guidence_scale", "1", "2"], "did you mean 'guidance_scale'"),
        (
            ["images.guidance_scale", "1", "high"],
            "images.guidance_scale high: config: images.guid",
        ),
        (["no.yaml", "all"], "no.yaml: No such file or directory"),
    ],
)
def test_bad_words_are_one_line_before_anything_runs(
    words: list[str], message: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", *words]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


VARIANTS = """
as-it-is: {}
strong: {images: {guidance_scale: 7.5}, prompts: {templates: ["A {name} \N{GRINNING FACE}"]}}
strong-too: {images: {guidance_scale: 5}}
"""


def written(tmp_path: Path, text: str) -> str:
    (tmp_path / "ideas.yaml").write_text(text)
    return "ideas.yaml"


def test_file_names_changes_of_several_sections(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, VARIANTS)
    found = sweep_of(file, ["all"]).variants
    assert [each.name for each in found] == ["as-it-is", "strong", "strong-too"]
    assert [each.folder for each in found][:2] == ["ideas-as-it-is", "ideas-strong"]
    assert sweep_of(file, ["strong", "as-it-is"]).variants == [found[1], found[0]]
    as_it_is, strong = (configured([*each.changes, "images={seed: 3}"]) for each in found[:2])
    assert as_it_is.images.guidance_scale == configured([]).images.guidance_scale
    assert (strong.images.guidance_scale, strong.images.seed) == (7.5, 3)
    assert strong.prompts.templates == ["A {name} \N{GRINNING FACE}"]
    assert sweep_of(file, ["all"])[:2] == ("ideas", "variant")


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        (VARIANTS, ["strong"], "VALUES: strong: expected two or more"),
        (VARIANTS, ["strong", "stronk"], "stronk: unknown variant; did you mean 'strong'?"),
        (VARIANTS.replace("strong-too", "strong/too"), ["all"], "strong/too: expected a name of"),
        (VARIANTS.replace("strong-too", ".."), ["all"], "ideas.yaml: ..: expected a name of"),
        (VARIANTS.replace("strong-too", "Strong"), ["all"], "two of them have one folder"),
        ("a: {}\n", ["all"], "VALUES: all: expected two or more, each once; found a"),
        (VARIANTS.replace("strong-too", "all"), ["all"], "ideas.yaml: all: expected a name of"),
        ("a: {}\nb: 7.5\n", ["all"], "ideas.yaml: b: expected sections with keys"),
        ("a: {}\nb: {images: 7.5}\n", ["all"], "ideas.yaml: b: expected sections with keys"),
        ("a: {}\nb: {experiment: {}}\n", ["all"], "ideas.yaml: b: expected sections other than"),
        ("a: {}\nb: {images: {guidence_scale: 1}}\n", ["all"], "ideas b: config: images.guid"),
        ("- a\n", ["all"], "ideas.yaml: expected names with what belongs to each"),
    ],
)
def test_bad_file_of_changes_is_one_line_before_anything_runs(
    text: str, names: list[str], message: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", written(tmp_path, text), *names]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["ideas.yaml"]


def test_shipped_variants_are_configs() -> None:
    for file in sorted((ROOT / "configs" / "sweeps").glob("*.yaml")):
        found = sweep_of(str(file), ["all"]).variants
        assert not found[0].changes, "the first is what others are compared with"
        configs = [laid_over_the_default(each.changes) for each in found]
        assert all(one != configs[0] for one in configs[1:])


def laid_over_the_default(changes: Sequence[str]) -> Config:
    """Load a variant without a look at the files that it names, which another run makes."""
    values = yaml.safe_load((ROOT / "config.yaml").read_text())
    for change in changes:
        section, _, keys = change.partition("=")
        values[section] = values.get(section, {}) | json.loads(keys)
    return load(values)


def run_that_fails(at: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return what stands for `sau run`: it leaves figures, but for one value."""

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        results = Path(configured([w for w in command if "=" in w]).experiment.results)
        if results.name.endswith(f"-{at}"):
            return subprocess.CompletedProcess(command, 1)
        results.parent.mkdir(exist_ok=True)
        published(results, CE=[50.0, 52.0, 51.0])
        return subprocess.CompletedProcess(command, 0)

    return run


def test_other_values_are_run_and_compared_where_one_fails(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", run_that_fails("5"))
    assert main(["sweep", "images.guidance_scale", "3", "5", "7.5"]) == 2
    out, told = capsys.readouterr()
    assert [line.split()[2] for line in out.splitlines()[1:3]] == ["3", "7.5"]
    assert "images.guidance_scale 5: sau run did not end well" in told
    assert (tmp_path / "results/images.guidance_scale.csv").is_file()


def test_nothing_is_run_after_the_first_value_has_failed(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", run_that_fails("3"))
    assert main(["sweep", "images.guidance_scale", "3", "5"]) == 2
    assert "images.guidance_scale 3: sau run ended with exit code 1" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
