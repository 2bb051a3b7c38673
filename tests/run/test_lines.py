"""What `sau run` shows: a line for each stage, failures and warnings at the end."""

import io

import pytest

from sau.run.command import says_itself
from sau.run.progress_of_stages import RunProgress, StageProgress, clock
from sau.run.terminal import Terminal
from sau.run.words_of_logs import error_of, seconds_left, warnings_of


def silent(number):
    """Say nothing of a job's time, as one does that shows no progress."""


def test_stage_says_how_many_jobs_are_done_and_how_long_the_rest_takes():
    stage = StageProgress(total=6)
    assert stage.line("training", 0, silent) == "training    0/6 done"
    stage.start(1, 10)
    stage.start(2, 10)
    assert stage.line("training", 20, silent) == "training    0/6 done, 2 running, 0:10"
    stage.end(1, 40, well=True)
    stage.start(3, 40)
    stage.end(2, 60, well=True)
    expected = "training    2/6 done, 1 running, 0:50, about 1:10 left"
    assert stage.line("training", 60, silent) == expected, (
        "20 s and three jobs of 40 s, two at once"
    )
    stage.end(3, 70, well=False)
    assert "1 failed" in stage.line("training", 70, silent)


def test_job_that_runs_first_says_itself_how_long_it_takes():
    stage = StageProgress(total=3)
    stage.start(1, 0)
    assert stage.line("training", 30, {1: None}.get) == "training    0/3 done, 1 running, 0:30"
    expected = "training    0/3 done, 1 running, 0:30, about 3:30 left"
    assert stage.line("training", 30, {1: 50.0}.get) == expected, "50 s, then two jobs of 80 s"


def test_job_at_its_end_says_nothing_of_what_is_left():
    stage = StageProgress(total=1)
    stage.start(1, 0)
    assert stage.line("training", 30, {1: 0.2}.get) == "training    0/1 done, 1 running, 0:30"


def test_estimate_is_never_below_what_a_running_job_says():
    stage = StageProgress(total=2)
    stage.start(1, 0)
    stage.start(2, 0)
    stage.end(1, 10, well=True)
    assert stage.left(20, {2: 90.0}.get) == 90
    assert stage.left(20, silent) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("training:  60%|######    | 3/5 [01:12<00:47, 23.77s/step]", 47),
        (
            "images: 1%|  | 1/99 [00:01<00:09, 1it/s]\rimages: 2%|  | 2/99 [1:00<1:02:03, 1it/s]",
            3723,
        ),
        ("images:   0%|          | 1/99999 [00:10<26:00:00, 4.00s/image]", 93600),
        ("images:   0%|          | 0/8 [00:00<?, ?image/s]", None),
        ("sau training: INFO: 0/5 [00:00<00:01", None),
    ],
)
def test_time_left_is_that_of_a_logs_last_progress_line(tmp_path, text, seconds):
    (tmp_path / "job.log").write_text("x" * 9000 + text)
    assert seconds_left(tmp_path / "job.log") == seconds
    assert seconds_left(tmp_path / "none.log") is None


def test_stage_that_has_ended_stands_still():
    stage = StageProgress(total=1)
    stage.start(1, 0)
    stage.end(1, 5, well=True)
    assert stage.line("dataset", 500, silent) == "dataset     1/1 done, 0:05"


def test_stages_stand_in_the_order_in_which_they_began():
    run = RunProgress()
    run.plan({"training": 2, "dataset": 1, "all": 1, "total": 4, "report": 1})
    assert run.lines(0, silent) == []
    assert run.start(7, "dataset", 1) == "dataset"
    assert run.end(7, 3, well=True) == "dataset"
    assert run.start(8, "training", 4) == "training"
    assert run.start(1, "all", 5) is None
    assert run.end(1, 5, well=True) is None
    assert run.lines(6, silent) == [
        "dataset     1/1 done, 0:02",
        "training    0/2 done, 1 running, 0:02",
    ]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61, "1:01"), (3725, "1:02:05")])
def test_times_have_minutes_and_hours(seconds, text):
    assert clock(seconds) == text


def test_warnings_are_counted_and_printable(tmp_path):
    (tmp_path / "a.log").write_text(
        "sau training: INFO: x\nsau training: WARNING: low \x1b[2J\rsau training: WARNING: once\n"
    )
    (tmp_path / "b.log").write_text("sau training: WARNING: low \x1b[2J\n")
    logs = [tmp_path / "a.log", tmp_path / "b.log", tmp_path / "none.log"]
    assert warnings_of(logs) == {r"low \x1b[2J": 2, "once": 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sau images: error: no such model\nmore\n", "no such model"),
        ("Traceback ...\nValueError: odd\n", "ValueError: odd"),
        ("epoch 3\n\n", "epoch 3"),
        ("", "it said nothing; was it killed?"),
    ],
)
def test_error_of_a_job_is_one_line(tmp_path, text, line):
    (tmp_path / "job.log").write_text(text)
    assert error_of(tmp_path / "job.log") == line


class Screen(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self):
        return True


def test_lines_are_written_over_on_a_terminal_and_added_elsewhere():
    screen, file = Screen(), io.StringIO()
    for stream in (screen, file):
        terminal = Terminal(stream)
        terminal.show(["dataset 0/1"])
        terminal.show(["dataset 1/1", "training 0/2"])
        terminal.say("a warning")
        terminal.end(["dataset 1/1", "training 2/2"])
        terminal.say("done")
    assert file.getvalue().splitlines() == [
        "dataset 0/1",
        "dataset 1/1",
        "training 0/2",
        "a warning",
        "training 2/2",
        "done",
    ]
    assert screen.getvalue().startswith("dataset 0/1\x1b[K\n\x1b[1Adataset 1/1\x1b[K\n")
    assert screen.getvalue().endswith("training 2/2\x1b[K\ndone\n")


def test_times_alone_are_not_written_again_but_now_and_then():
    file = io.StringIO()
    terminal = Terminal(file)
    terminal.show(["training 1/4 done, 1 running, 0:10, about 0:30 left"])
    terminal.show(["training 1/4 done, 1 running, 0:12, about 0:29 left"])
    assert file.getvalue().count("\n") == 1
    terminal.show(["training 1/4 done, 1 running, 0:40, about 0:29 left"], times=True)
    assert file.getvalue().count("\n") == 2
    terminal.show(["training 2/4 done, 1 running, 0:41, about 0:20 left"])
    assert file.getvalue().count("\n") == 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--cores 2", False),
        ("-n", False),
        ("--verbose", True),
        ("--quiet=rules", True),
        ("-q", True),
    ],
)
def test_flags_that_ask_for_snakemakes_own_words(line, expected):
    assert says_itself(line.split()) is expected
