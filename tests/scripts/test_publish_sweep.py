"""A published sweep: its table, and the figures of all its runs."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from sau.run.planned import Job
from scripts.publish_sweep import main, publish_sweep
from tests.scripts.test_publish import write_run

CONFIG = ["experiment={results: out, imbalance_factors: [10]}"]
WORDS = ["images.guidance_scale", "3", "7.5"]
TOP1 = {"3": [50.0, 52.0, 51.0], "7.5": [55.0, 57.0, 56.5]}


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `sau sweep images.guidance_scale 3 7.5` leaves, as far as it is read."""
    monkeypatch.chdir(tmp_path)
    for value, figures in TOP1.items():
        folder = tmp_path / "out" / f"images.guidance_scale-{value}"
        write_run(folder)
        lines = ["method,imbalance_factor,seed,split,top1_last"]
        lines += [f"CE*,10,{seed},all,{top1}" for seed, top1 in enumerate(figures)]
        (folder / "report" / "summary.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_figures_of_all_runs_are_kept_with_their_differences(swept: Path) -> None:
    folder = publish_sweep("mine", WORDS[0], WORDS[1:], "A note.", CONFIG)
    runs = pd.read_csv(folder / "summary.csv")
    for value, figures in TOP1.items():
        assert runs[runs["images.guidance_scale"] == float(value)].top1_last.tolist() == figures
    table = pd.read_csv(folder / "sweep.csv")
    assert table.difference_mean.tolist()[1] == pytest.approx(5 + 0.5 / 3)
    text = (folder / "README.md").read_text()
    assert text.startswith(
        "# mine: a published sweep\n\nMade by `sau sweep images.guidance_scale 3"
    )
    assert "A note." in text
    (line,) = [line for line in text.splitlines() if "56.17 ± 1.04 (3)" in line]
    assert "| CE\\* | 10 | 7.5 |" in line
    assert "| +5.2 (" in line
    assert "| report | 2 | 4 | 2 | 100 |" in text, "the time of both runs"
    assert "\n- sau: " in text


@pytest.mark.parametrize(
    ("gone", "message"),
    [("report", "summary.csv"), ("benchmarks", "how long the jobs took"), ("prompts", "manifest")],
)
def test_run_that_is_not_finished_is_one_line_and_nothing_is_kept(
    gone: str,
    message: str,
    swept: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.rmtree(swept / "out" / "images.guidance_scale-7.5" / gone)
    asked: list[list[str]] = []

    def plan(words: list[str]) -> list[Job]:
        asked.append(words)
        return []

    monkeypatch.setattr("scripts.publish.planned_jobs", plan)  # made by hand
    monkeypatch.setattr(sys, "argv", ["publish_sweep", "mine", *WORDS, "--config", *CONFIG])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("publish_sweep: error: out/images.guidance_scale-7.5")
    assert message in told
    assert told.count("\n") == 1
    assert not (swept / "results").exists()
    assert len(asked) == 2
    assert "out/images.guidance_scale-7.5" in " ".join(asked[1])


def test_value_whose_run_is_of_another_config_is_named(
    swept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def plan(words: list[str]) -> list[Job]:
        job = Job("training", (), Path("logs/a.log"), {}, "Params have changed", 1)
        return [job, job] if "7.5" in " ".join(words) else []

    monkeypatch.setattr("scripts.publish.planned_jobs", plan)
    monkeypatch.setattr(sys, "argv", ["publish_sweep", "mine", *WORDS, "--config", *CONFIG])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().err
    said = "publish_sweep: error: images.guidance_scale 7.5: with this config jobs are to do "
    assert told.startswith(f"{said}(training 2), the first one as Params have changed; name the")
    assert not (swept / "results").exists()
