"""Real processes that a signal ends, that a kill orphans, or that two people start at once."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from sau.core.errors import UserError
from sau.core.signals import Interruption, raised
from sau.pipeline.prompts.llm.ending import GRACE
from sau.pipeline.prompts.llm.store import AnswerStore
from sau.pipeline.prompts.llm.store_lock import alone_with
from sau.settings.flags import to_flags
from sau.storage.lock import locked
from tests.paths import ROOT
from tests.pipeline.prompts.llm.conftest import CLASSES
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, good
from tests.storage.processes import holder, kill

SETTINGS = {"per_class": 4, "concurrency": 4}


def slowly(call):
    time.sleep(0.02)
    return good(call)


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def command(stage, real_images, url, **values):
    """Return the shell's line that runs the stage."""
    flags = to_flags(stage.settings(url, **{**SETTINGS, **values}))
    images = real_images(*CLASSES)
    paths = f"--train-images {images} --output {stage.output} --answers {stage.answers}"
    return f"{sys.executable} -m sau prompts {paths} {flags}"


def start(line, **variables):
    return subprocess.Popen(
        ["/bin/sh", "-c", line],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_is_one_line_and_nothing_is_lost(stage, real_images, number, code):
    with Loopback(slowly) as server:
        process = start(f"exec {command(stage, real_images, server.url)}")
        wait_for(lambda: len(server.calls) > 20 or process.poll() is not None)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
        asked = len(server.calls)
    assert process.returncode == code, said
    assert asked < 100
    stored = len(stage.stored())
    assert stored == asked  # those under way were waited for
    line = f"sau prompts: interrupted by {number.name}; {stored} of 400 answers are stored; run "
    assert said.splitlines()[-1] == f"{line}again to go on"
    assert "Traceback" not in said
    assert list(stage.answers.parent.iterdir()) == [stage.answers]


def interrupted(stage, server, times=1):
    """Return what a run says that is interrupted while it asks, and after how long it ended."""
    ends = []

    def interrupt():
        wait_for(lambda: server.calls)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            ends.append(time.monotonic())
            time.sleep(0.2)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(Interruption) as caught, raised():
        stage.run(server.url, ["bee", "owl"], concurrency=1, timeout=60)
    seconds = time.monotonic() - ends[0]
    thread.join()
    return str(caught.value), seconds


def test_second_signal_waits_for_nothing(stage):
    with Loopback(lambda call: Reply(fate="hang")) as server:
        said, seconds = interrupted(stage, server, times=2)
    assert "0 of 2 answers are stored" in said
    assert seconds < GRACE / 2


def test_answer_under_way_is_waited_for_and_kept(stage):
    def reply(call):
        time.sleep(0.5)
        return good(call)

    with Loopback(reply) as server:
        said, _ = interrupted(stage, server)
    assert "1 of 2 answers are stored" in said
    assert len(server.calls) == len(stage.stored()) == 1


def test_wait_for_another_try_ends_with_a_signal(stage):
    with Loopback(lambda call: Reply("", 503, {"Retry-After": "60"})) as server:
        said, seconds = interrupted(stage, server)
    assert "0 of 2 answers are stored" in said
    assert seconds < GRACE / 2


def test_job_whose_snakemake_is_killed_ends_by_itself(stage, real_images, tmp_path):
    with Loopback(slowly) as server:
        # As a rule does it: a shell, whose parent is Snakemake, outlives it and has the stage.
        job = f"export SAU_PARENT=$PPID; {command(stage, real_images, server.url)}; true"
        (tmp_path / "job.sh").write_text(job)
        parent = start(f"/bin/sh {tmp_path / 'job.sh'}; true")
        wait_for(lambda: len(server.calls) > 20 or parent.poll() is not None)
        parent.kill()
        parent.wait()
        wait_for(lambda: not stage.answers.with_name(".answers.jsonl.lock").exists())
        asked = len(server.calls)
        time.sleep(0.3)
        assert len(server.calls) == asked < 300
    assert len(stage.stored()) == asked


def test_runs_at_once_pay_once(stage, real_images):
    with Loopback(good) as server:
        line = command(stage, real_images, server.url, per_class=1)
        both = [start(f"exec {line}") for _ in range(2)]
        said = [process.communicate(timeout=90)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(server.calls) == len(stage.stored()) == 100


def test_store_that_another_process_holds_is_one_line(tmp_path):
    path = tmp_path / "answers.jsonl"
    with (
        locked(path),
        pytest.raises(UserError, match=r"answers.jsonl: being written by"),
        alone_with(AnswerStore(path), patience=0.1),
    ):
        raise AssertionError("two hold the store")


def test_store_is_read_again_once_it_is_free(tmp_path):
    path = tmp_path / "answers.jsonl"
    store = AnswerStore(path)
    other = AnswerStore(path)
    other.start_batch("job", [])
    with alone_with(store):
        assert list(store.open_batches()) == ["job"]


def test_store_is_free_once_who_holds_it_is_killed(tmp_path, caplog):
    path = tmp_path / "answers.jsonl"
    first, store = holder(path), AnswerStore(path)
    killing = threading.Timer(0.5, lambda: kill(first))
    killing.start()
    began = time.monotonic()
    with alone_with(store, patience=60):
        assert time.monotonic() - began > 0.5
    killing.join()
    said = [record.getMessage() for record in caplog.records]
    assert sum("waiting for up to 60 s" in line for line in said) == 1
    assert sum(f"taken over from pid {first.pid} " in line for line in said) == 1
    assert [each.name for each in tmp_path.iterdir()] == []
