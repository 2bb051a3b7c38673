"""`sau plan`: what jobs amount to, and what a probe says of the time."""

import dataclasses
from pathlib import Path

import pytest

from sau.config import load
from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.training.settings import TrainingSection
from sau.run.planned import Job
from sau.tools.plan import command, probe
from sau.tools.plan.probe import Cost, cost_of_images, seconds_of_score, seconds_of_step
from sau.tools.plan.probe_learning import cost_of_learning
from sau.tools.plan.work import steps_of, work_of
from tests.sources.make_images import put_classes

TINY = {"backbone": "resnet8", "width": 4, "batch_size": 8, "epochs": 3}
QUICK = {"steps": "2", "batch_size": 2}
RUNS = {
    "ce": {"method": "cross_entropy", "data": "real"},
    "sau": {"method": "sau", "data": "balanced", "epochs": 2},
}


def job(rule: str, **wildcards: str) -> Job:
    return Job(rule, (), Path("logs/x.log"), {"imbalance_factor": "as-is", **wildcards}, "", 1)


@pytest.fixture
def config(tmp_path):
    put_classes(tmp_path / "zoo", {"ant": 21, "bee": 11})
    return load(
        {
            "experiment": {"results": str(tmp_path / "r"), "imbalance_factors": ["as-is"]},
            "dataset": {
                "source": "image-folder",
                "folder": str(tmp_path / "zoo"),
                "test_per_class": 1,
                "image_size": 16,
            },
            "prompts": {"per_class": 6},
            "images": {"source": "glide", "model": "tiny-glide", "shards": 3, **QUICK},
            "scores": {"batch_size": 2},
            "training": {**TINY, "runs": RUNS},
        }
    )


def test_work_is_that_of_the_jobs_to_do(config):
    jobs = [job("images"), job("images"), job("training", run="ce"), job("training", run="sau")]
    work = work_of(config, [*jobs, job("training", run="sau")])
    assert (work.class_names, work.real) == (["ant", "bee"], [20, 10])
    assert work.draws == [4, 4], "two of three shards of six images"
    found = {row: (each.runs, each.steps) for row, each in work.training.items()}
    assert found == {"ce": (1, 3 * 4), "sau": (2, 2 * 2 * 5)}
    assert work.jobs == {"images": 2, "training": 3}


def test_steps_of_learning_are_those_of_the_shards_to_do(config):
    each = PersonaliseSettings(method="lora", steps=7, shards=3)
    jobs = [job("personalise", shard="0"), job("personalise", shard="2")]
    assert work_of(dataclasses.replace(config, personalise=each), jobs).learned == 7, "of ant alone"
    together = PersonaliseSettings(method="lora", lora_for="all-classes", steps=7)
    assert work_of(dataclasses.replace(config, personalise=together), jobs[:1]).learned == 7
    assert work_of(config, []).learned == 0


def test_learning_is_timed():
    images = ImagesSettings(source="glide", model="tiny-glide")
    lora = PersonaliseSettings(method="lora", batch_size=2)
    cost = cost_of_learning(lora, images, "digit one")
    assert cost.start > 0
    assert 0 < cost.each < 60


def test_images_that_are_imported_are_not_drawn(config, tmp_path):
    put_classes(tmp_path / "made", {"bee": 2})
    images = config.images.replace(import_first=str(tmp_path / "made"))
    work = work_of(dataclasses.replace(config, images=images), [job("images")] * 3)
    assert work.draws == [6, 4]


def test_steps_are_those_of_all_epochs():
    counts = [100, 10]
    real = TrainingSection(method="cross_entropy", data="real", epochs=3, batch_size=50)
    assert steps_of(real, counts) == 3 * 3
    balanced = TrainingSection(method="cross_entropy", data="balanced", epochs=3, batch_size=50)
    assert steps_of(balanced, counts) == 3 * 4
    second = {"method": "max_norm", "data": "real", "epochs": 2, "batch_size": 10}
    both = balanced.replace(second_stage=second)
    assert steps_of(both, counts) == 3 * 4 + 2 * 11
    assert steps_of(both.replace(steps_per_epoch=20), counts) == 3 * 20 + 2 * 11


@pytest.mark.parametrize("row", list(RUNS))
def test_step_of_each_row_is_timed(config, row):
    assert seconds_of_step(config.training.runs[row], classes=3, side=16) >= 0


def test_generator_and_scorer_are_timed():
    images = ImagesSettings(source="glide", model="tiny-glide", steps="2", batch_size=2)
    cost = cost_of_images(images, "The printed digit one.")
    assert min(cost) > 0
    scores = ScoresSettings(model="tiny-clip", batch_size=2)
    assert seconds_of_score(scores, side=16) > 0


def test_plan_prints_each_kind_of_work_and_writes_nothing(config, monkeypatch, capsys, tmp_path):
    jobs = [job(rule) for rule in ("prompts", "images", "scores", "influence")]
    jobs += [job("training", run="ce"), job("personalise", shard="0")]
    learning = PersonaliseSettings(method="textual-inversion", steps=3)
    config = dataclasses.replace(config, personalise=learning)
    monkeypatch.setattr(command, "configured", lambda named: config)
    monkeypatch.setattr(command, "planned_jobs", lambda words: jobs)
    # The process that only imports, for seconds: the test above has it.
    monkeypatch.setattr(probe.subprocess, "run", lambda *_, **__: None)
    before = sorted(tmp_path.rglob("*"))
    command.plan()
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[:4] == [
        "jobs: prompts 1, images 1, scores 1, influence 1, training 1, personalise 1",
        "learning (textual-inversion): at most 6 steps",
        "images to draw: 4, 2 of a class",
        "training ce: 1 runs, 12 steps in all",
    ]
    assert "language model: nothing to ask, nothing to pay" in lines
    starts = [
        "learning, at most 6 steps of 4 images: about ",
        "drawing 4 images by tiny-glide: about ",
        "scoring 4 images: about ",
        "training ce, 12 steps of 8 images: about ",
        "in all about ",
    ]
    for line, start in zip(lines[-5:], starts, strict=True):
        assert line.startswith(start)
    assert captured.err == ""
    assert sorted(tmp_path.rglob("*")) == before
    assert lines[-1].endswith(" on this machine, beside influence, not probed, reading and reports")
    monkeypatch.setattr(command, "planned_jobs", lambda words: [])
    command.plan()
    assert capsys.readouterr().out == "nothing to do: all results are there\n"


def test_requests_of_a_language_model_are_priced(config, monkeypatch, capsys):
    asked = config.prompts.replace(source="llm", model="gpt-4", per_class=10)
    monkeypatch.setattr(
        command, "configured", lambda named: dataclasses.replace(config, prompts=asked)
    )
    monkeypatch.setattr(command, "planned_jobs", lambda words: [job("prompts")])
    command.plan(probe=False)
    line = next(line for line in capsys.readouterr().out.splitlines() if "language" in line)
    assert "requests to gpt-4" in line
    assert "tokens to it" in line


def test_what_cannot_be_tried_here_is_said():
    def fail() -> Cost:
        raise UserError("images.model: no such folder")

    line, seconds = command._timed("drawing", 3, fail, command._Jobs(1, 1))
    assert (line, seconds) == ("drawing: not probed (images.model: no such folder)", 0)


@pytest.mark.parametrize(
    ("number", "most_at_once", "expected"),
    [
        (1, 4, 5 + 12 * 2),
        (2, 2, 5 + 6 * 2),  # both at once
        (3, 2, 2 * (5 + 4 * 2)),  # the third one alone, while a core is idle
        (4, 1, 4 * (5 + 3 * 2)),
        (4, 0, 4 * (5 + 3 * 2)),
    ],
)
def test_jobs_take_as_long_as_those_that_follow_each_other(number, most_at_once, expected):
    cost = Cost(start=5, each=2)
    assert command._Jobs(number, most_at_once).seconds(cost, pieces=12) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.2, "1 s"), (80, "80 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_durations_are_short(seconds, expected):
    assert command._duration(seconds) == expected
