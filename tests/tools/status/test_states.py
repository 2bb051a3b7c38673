"""The state of a job, from its outputs, their locks and its log."""

from pathlib import Path

import pytest

from sau.run.planned import Job
from sau.storage.lock import locked
from sau.tools.status.command import report
from sau.tools.status.states import JobState, State, last_lines, look_at, state_of


@pytest.fixture
def job(tmp_path: Path) -> Job:
    log = tmp_path / "results/logs/training/ce/seed-0.log"
    log.parent.mkdir(parents=True)
    outputs = (tmp_path / "results/predictions.parquet", tmp_path / "results/model")
    return Job("training", outputs, log, {"run": "ce"}, "", 1)


def look(job: Job, reason: str | None = "Missing output files: ...", at_work: bool = False):
    reasons = {} if reason is None else {job.name: reason}
    return state_of(job, look_at(job), reasons, at_work=at_work)


def test_job_is_called_by_its_log(job):
    assert job.name == "training/ce/seed-0"


def test_job_that_snakemake_would_not_run_is_done(job):
    assert look(job, None) == JobState(job, State.DONE)


def test_job_without_outputs_and_log_is_to_do(job):
    assert look(job) == JobState(job, State.MISSING)


def test_job_whose_outputs_are_there_is_to_run_again_with_snakemakes_reason(job):
    job.outputs[0].touch()
    job.outputs[1].mkdir()
    job.log.write_text("sau training: error: of an earlier run\n")
    state = look(job, "Params have changed since last execution: \x1b[31mepochs")
    assert state == JobState(
        job, State.OUTDATED, r"Params have changed since last execution: \x1b[31mepochs"
    )


@pytest.mark.parametrize(
    "end",
    [
        "sau training: error: training.batch_size: 64 is more than there are images\n",
        "Traceback (most recent call last):\n  File x\nRuntimeError: out of memory\n",
        "Traceback (most recent call last):\n  File x\ntorch.OutOfMemoryError: CUDA\n",
        "sau training: error: first\nsau training: WARNING: last\n",
    ],
)
def test_job_whose_log_ends_in_an_error_has_failed(job, end):
    job.log.write_text("epoch 1\n" + end)
    state = look(job)
    assert state.state is State.FAILED
    assert state.tail[-1] == end.splitlines()[-1].strip()


def test_job_that_stopped_early_or_was_killed_has_stopped(job):
    job.log.write_text("epoch 1\nsau training: stopped after epoch 3 of 9, goes on there\n")
    assert look(job).state is State.STOPPED
    assert look(job, at_work=True).state is State.MISSING, "it may still have its turn"


def test_job_whose_output_is_being_written_is_running(job):
    job.log.write_text("epochs: 10%\repochs: 20%\n")
    with locked(*job.outputs):
        state = look(job)
    assert state.state is State.RUNNING
    assert "pid" in state.why
    assert state.tail == ("epochs: 20%",)
    assert look(job).state is State.STOPPED


def test_last_lines_of_a_long_log_are_short_and_printable(tmp_path):
    log = tmp_path / "long.log"
    log.write_text("x" * 100_000 + "\n\n  \nlast \x1b[2J\n" + "y" * 1000)
    lines = last_lines(log)
    assert lines[1:] == (r"last \x1b[2J", "y" * 300 + "...")
    assert last_lines(tmp_path / "none.log") == ()


def test_report_has_a_line_for_each_stage_in_order_and_names_what_failed(job, tmp_path):
    dataset = Job("dataset", (), tmp_path / "logs/dataset/dataset.log", {}, "", 1)
    other = Job("training", (), tmp_path / "logs/training/sau.log", {}, "", 1)
    states = [
        JobState(job, State.FAILED, "", ("sau training: error: why",)),
        JobState(other, State.DONE),
        JobState(dataset, State.DONE),
    ]
    assert list(report(states)) == [
        "  dataset     done (1 in all)",
        "  training    1 done, 1 failed (2 in all)",
        "failed: training/ce/seed-0",
        f"  log {job.log}",
        "  | sau training: error: why",
    ]
