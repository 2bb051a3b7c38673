import json
import re

import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.llm.store import AnswerStore
from tests.pipeline.prompts.llm.conftest import KEY
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, error, good_text

ERROR_LINE = {"status_code": 500, "body": json.loads(error("broke"))}


class BatchServer:
    """What OpenAI's Files and Batch API do, as far as the stage uses them.

    Args:
        answer: response of each request in a job, by the request's class and number in the file.
        states: that a job goes through, one a look; the last stays.

    Attributes:
        slow: jobs that stay under way.
        gone: jobs and files that are not there any more.
    """

    def __init__(self, answer=None, states=("validating", "in_progress", "completed")):
        self.answer = answer or self._good
        self.states = states
        self.files = {}
        self.jobs = {}
        self.metadata = {}
        self.looks = {}
        self.flaky = True
        self.slow = set()
        self.gone = set()

    @staticmethod
    def _good(name, number):
        return {"status_code": 200, "body": json.loads(completion(good_text(name, number)))}

    def __call__(self, call):
        if self.flaky and call.number % 3 == 1:
            return Reply(error("broke"), 500)
        route = call.method, re.sub(r"\?.*", "", call.path)
        if route == ("POST", "/v1/files"):
            return self._upload(call)
        if route == ("POST", "/v1/batches"):
            return self._start(call.json())
        if route == ("GET", "/v1/batches"):
            jobs = [self._job(name) for name in self.jobs if name not in self.gone]
            return Reply(json.dumps({"object": "list", "data": jobs, "has_more": False}))
        if call.path.split("/")[3] in self.gone:
            return Reply(error("No such thing found"), 404)
        if found := re.fullmatch(r"/v1/batches/(\w+)", call.path):
            self.looks[found.group(1)] += 1
            return Reply(json.dumps(self._job(found.group(1))))
        name = re.fullmatch(r"/v1/files/([\w-]+)/content", call.path).group(1)
        return Reply(self.files[name])

    def _upload(self, call):
        assert b'name="purpose"\r\n\r\nbatch\r\n' in call.raw
        lines = [line for line in call.raw.decode().splitlines() if line.startswith('{"custom_id"')]
        name = f"file{len(self.files)}"
        self.files[name] = "\n".join(lines)
        file = {"id": name, "object": "file", "bytes": 1, "created_at": 1, "status": "processed"}
        return Reply(json.dumps({**file, "filename": "requests.jsonl", "purpose": "batch"}))

    def _start(self, body):
        assert body["endpoint"] == "/v1/chat/completions"
        assert body["completion_window"] == "24h"
        name = f"batch{len(self.jobs)}"
        good, bad = [], []
        for number, text in enumerate(self.files[body["input_file_id"]].splitlines()):
            line = json.loads(text)
            assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
            query = line["body"]["messages"][-1]["content"]
            response = self.answer(re.search("What the (.*) looks", query).group(1), number)
            if response is not None:
                out = {"id": "r", "custom_id": line["custom_id"], "response": response}
                (good if response["status_code"] == 200 else bad).append(json.dumps(out))
        self.files[f"{name}-out"] = "\n".join(reversed(good))
        self.files[f"{name}-bad"] = "\n".join(bad)
        self.jobs[name] = body["input_file_id"]
        self.metadata[name] = body["metadata"]
        self.looks[name] = 0
        return Reply(json.dumps(self._job(name)))

    def _job(self, name):
        state = self.states[min(self.looks[name], len(self.states) - 1)]
        state = "in_progress" if name in self.slow else state
        over = state in ("completed", "expired")
        return {
            "id": name,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": 1,
            "input_file_id": self.jobs[name],
            "status": state,
            "metadata": self.metadata[name],
            "output_file_id": f"{name}-out" if over and self.files[f"{name}-out"] else None,
            "error_file_id": f"{name}-bad" if over and self.files[f"{name}-bad"] else None,
            "errors": {"object": "list", "data": [{"message": "line 1 is bad"}]},
        }


def run(stage, server, class_names, **values):
    with Loopback(server) as loopback:
        return stage.run(loopback.url, class_names, batch=True, batch_poll=0.01, **values)


@pytest.mark.usefixtures("no_key_anywhere")
def test_answers_all_come_by_one_job(stage):
    server = BatchServer()
    table = run(stage, server, ["bee", "owl"], per_class=3)
    assert set(table["source"]) == {"llm"}
    assert table["prompt"].is_unique
    assert len(server.jobs) == 1
    assert {line["batch"] for line in stage.stored() if "key" in line} == {True}
    assert AnswerStore(stage.answers).open_batches() == {}


def test_prompts_that_would_not_do_are_asked_for_by_another_job(stage):
    good = [good_text("bee", number) for number in range(3)]
    texts = iter([good[0], "A thing of the wood.", *good[1:]])

    def answer(name, number):
        return {"status_code": 200, "body": json.loads(completion(next(texts)))}

    server = BatchServer(answer)
    table = run(stage, server, ["bee"], per_class=3)
    assert table["prompt"].tolist() == good
    assert len(server.jobs) == 2


class KilledError(Exception):
    """Stands for the end of the process."""


def run_killed(stage, server, class_names, moment="end_batch", **values):
    """Run the stage, killed before a job's id was kept, or after that and before its answers."""

    def killed(*_):
        raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnswerStore, moment, killed)
        if moment == "end_batch":
            patch.setattr(AnswerStore, "add", killed)
        with pytest.raises(KilledError):
            run(stage, server, class_names, **values)


@pytest.mark.parametrize("moment", ["start_batch", "end_batch"])
def test_run_that_was_killed_goes_on_with_its_job(stage, moment):
    server = BatchServer()
    run_killed(stage, server, ["bee", "owl"], moment, per_class=2)
    assert not stage.output.exists()
    table = run(stage, server, ["bee", "owl"], per_class=2)
    assert set(table["source"]) == {"llm"}
    assert len(server.jobs) == 1


@pytest.mark.parametrize("gone", ["batch0", "batch0-out"])
def test_requests_that_a_lost_job_did_not_answer_are_asked_again(stage, caplog, gone):
    server = BatchServer()
    run_killed(stage, server, ["bee", "owl"])
    server.gone = {gone}
    assert set(run(stage, server, ["bee", "owl"])["source"]) == {"llm"}
    assert list(server.jobs) == ["batch0", "batch1"]
    assert AnswerStore(stage.answers).open_batches() == {}
    told = [line for line in caplog.messages if "batch0, or a file of its answers, is not" in line]
    assert len(told) == 1


def test_job_outlives_an_address_that_has_no_jobs_at_all(stage):
    server = BatchServer()
    run_killed(stage, server, ["bee"])
    nothing = Loopback(lambda call: Reply(error("no such page"), 404))
    with nothing as other, pytest.raises(UserError, match="HTTP 404"):
        stage.run(other.url, ["bee"], batch=True)
    assert list(AnswerStore(stage.answers).open_batches()) == ["batch0"]
    assert set(run(stage, server, ["bee"])["source"]) == {"llm"}
    assert len(server.jobs) == 1


OTHER_QUERY = "What the {name} looks like today?"


def test_answers_that_are_not_asked_for_any_more_are_kept(stage):
    server = BatchServer()
    run_killed(stage, server, ["bee", "owl"])
    run(stage, server, ["bee", "owl"], query=OTHER_QUERY)
    assert len(AnswerStore(stage.answers)) == 4
    assert {line["class_name"] for line in stage.stored() if "key" in line} == {"bee", "owl"}
    assert set(run(stage, server, ["bee", "owl"])["source"]) == {"llm"}
    assert len(server.jobs) == 2


def test_job_that_answers_nothing_that_is_asked_for_is_not_waited_for(stage, caplog):
    server = BatchServer()
    run_killed(stage, server, ["bee"])
    server.slow = {"batch0"}
    run(stage, server, ["bee"], query=OTHER_QUERY)
    assert "job batch0 answers nothing that is asked for now" in caplog.text
    assert list(AnswerStore(stage.answers).open_batches()) == ["batch0"]
    server.slow = set()
    assert set(run(stage, server, ["bee"])["source"]) == {"llm"}
    assert len(server.jobs) == 2
    assert AnswerStore(stage.answers).open_batches() == {}


def test_job_that_is_not_waited_for_still_has_to_be_paid(stage):
    server = BatchServer()
    run_killed(stage, server, ["bee"])
    server.slow = {"batch0"}
    with pytest.raises(UserError, match="not enough") as refused:
        run(stage, server, ["bee"], query=OTHER_QUERY, max_cost=1e-9)
    cost = float(re.search(r"cost about (\S+);", str(refused.value)).group(1))
    with pytest.raises(UserError, match=r"max_cost: .* is not enough: .* are under way"):
        run(stage, server, ["bee"], query=OTHER_QUERY, max_cost=1.5 * cost)
    assert len(server.jobs) == 1
    run(stage, server, ["bee"], query=OTHER_QUERY, max_cost=2.5 * cost)
    assert len(server.jobs) == 2


def test_answers_of_a_job_that_was_kept_without_its_requests_are_kept(stage):
    """As earlier versions did."""
    server = BatchServer()
    run_killed(stage, server, ["bee"])
    stage.answers.write_text('{"started_batch": "batch0"}\n')
    run(stage, server, ["bee"], query=OTHER_QUERY)
    assert [line["model"] for line in stage.stored() if "key" in line] == ["gpt-4", "gpt-4"]
    assert set(run(stage, server, ["bee"])["source"]) == {"llm"}
    assert len(server.jobs) == 2


def test_requests_that_a_job_did_not_answer_are_said_and_asked_for_by_the_next_run(stage):
    server = BatchServer()
    server.answer = lambda name, number: ERROR_LINE if name == "owl" else server._good(name, 3)
    with pytest.raises(UserError) as raised:
        run(stage, server, ["bee", "owl"])
    assert "1 of 2 requests were not answered, the first is of owl: broke" in str(raised.value)
    server.answer = server._good
    assert set(run(stage, server, ["bee", "owl"])["source"]) == {"llm"}
    lines = [len(server.files[name].splitlines()) for name in server.jobs.values()]
    assert lines == [2, 1]


def test_job_that_expires_gives_what_it_has(stage):
    server = BatchServer(states=("in_progress", "expired"))
    server.answer = lambda name, number: None if name == "owl" else server._good(name, number)
    with pytest.raises(UserError) as raised:
        run(stage, server, ["bee", "owl"])
    assert "no line for it in the job's files" in str(raised.value)
    assert [line["class_name"] for line in stage.stored() if "key" in line] == ["bee"]


def test_job_that_fails_says_why(stage):
    server = BatchServer(states=("failed",))
    with pytest.raises(UserError) as raised:
        run(stage, server, ["bee"])
    assert "line 1 is bad" in str(raised.value)


def test_filter_in_a_job_is_a_refusal(stage):
    refusal = {"status_code": 400, "body": json.loads(error("no", "content_filter"))}
    table = run(stage, BatchServer(lambda name, number: refusal), ["bee"], ask_again=0)
    assert table["reason"].iloc[0] == "answers that would not do: 1 x refused"


@pytest.mark.usefixtures("no_key_anywhere")
def test_job_that_repeats_the_key_does_not_get_it_into_the_store(stage):
    body = json.loads(completion(good_text("bee", 1), system_fingerprint=KEY))
    server = BatchServer(lambda name, number: {"status_code": 200, "body": body})
    assert set(run(stage, server, ["bee"])["source"]) == {"llm"}
