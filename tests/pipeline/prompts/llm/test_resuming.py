import os
import signal
import subprocess
import sys
import time

import pytest

from sau.settings.flags import to_flags
from tests.paths import ROOT
from tests.pipeline.prompts.llm.conftest import CLASSES
from tests.pipeline.prompts.llm.loopback import Loopback, good


def test_changed_class_list_asks_only_for_the_new_classes(stage):
    with Loopback(good) as server:
        first = stage.run(server.url, ["bee", "owl"], per_class=2)
    with Loopback(good) as server:
        second = stage.run(server.url, ["owl", "ant", "bee"], per_class=2)
    assert {call.class_name() for call in server.calls} == {"ant"}
    assert len(server.calls) == 2
    for name in ("bee", "owl"):
        before, after = (t[t["class_name"] == name]["prompt"].tolist() for t in (first, second))
        assert before == after


def test_prompts_that_are_more_a_class_ask_only_for_the_difference(stage):
    with Loopback(good) as server:
        first = stage.run(server.url, ["bee", "owl"], per_class=3)
        second = stage.run(server.url, ["bee", "owl"], per_class=5)
    assert len(server.calls) == 10
    assert set(first["prompt"]) < set(second["prompt"])


def test_answers_that_are_all_there_need_no_key_and_no_server(stage, monkeypatch):
    with Loopback(good) as server:
        first = stage.run(server.url, ["bee"], per_class=2)
    monkeypatch.delenv("OPENAI_API_KEY")
    assert stage.run(server.url, ["bee"], per_class=2).equals(first)


@pytest.mark.slow
@pytest.mark.usefixtures("no_key_anywhere")
def test_killed_run_pays_for_nothing_twice(stage, real_images):
    """The process is killed while answers come in; the second run asks for the others alone."""
    settings = {"per_class": 4, "concurrency": 2}

    def slowly(call):
        time.sleep(0.01)
        return good(call)

    with Loopback(slowly) as server:
        flags = to_flags(stage.settings(server.url, **settings))
        images = real_images(*CLASSES)
        paths = f"--train-images {images} --output {stage.output} --answers {stage.answers}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {sys.executable} -m sau prompts {paths} {flags}"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.DEVNULL,
        )
        while len(server.calls) < 60 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        whole = stage.answers.read_bytes().count(b"\n")
        asked = len(server.calls)
        assert asked - 3 <= whole <= asked
        table = stage.run(server.url, CLASSES, **settings)
    assert len(server.calls) - asked == 400 - whole
    assert len(table) == 400
    assert set(table["source"]) == {"llm"}
