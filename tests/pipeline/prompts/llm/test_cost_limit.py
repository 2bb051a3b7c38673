import pytest

from sau.core.errors import UserError
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, good, good_text


def test_cost_is_said_before_the_start_and_by_the_estimate(stage, caplog, capsys):
    prices = {"gpt-4": {"input": 1000, "output": 3000}}
    stage.estimate("http://127.0.0.1:1", ["bee", "owl"], per_class=2, prices=prices)
    said = capsys.readouterr().out
    assert said.startswith("4 requests to gpt-4 at http://127.0.0.1:1/v1, about ")
    assert not stage.output.exists()
    with Loopback(good) as server:
        stage.run(server.url, ["bee", "owl"], per_class=2, prices=prices)
        said = said.split(" at ")[0], said.split(", about", 1)[1].split(" answers")[0]
        assert all(part in caplog.text for part in said)
        stage.estimate(server.url, ["bee", "owl"], per_class=2, prices=prices)
    assert capsys.readouterr().out.startswith("nothing to ask: 4 answers are there already")


def test_job_that_would_cost_too_much_is_not_begun(stage):
    with Loopback(good) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"], per_class=100, max_cost=0.1)
    assert "prompts.max_cost: 0.1 is not enough: 0 are paid, 100 more requests" in str(raised.value)
    assert server.calls == []


def test_stage_stops_before_answers_cost_more_than_was_set(stage):
    """Each answer costs ten times what was expected, so the limit comes after some of them."""

    def dear(call):
        return Reply(completion(good_text(call.class_name(), call.number), tokens=(600, 700)))

    with Loopback(dear) as server:
        with pytest.raises(UserError) as raised:
            stage.run(server.url, ["bee"], per_class=20, concurrency=1, max_cost=0.4)
        cost = (600 * 30 + 700 * 60) / 1e6
        paid = len(stage.stored()) * cost
        assert 0.4 - 2 * cost < paid <= 0.4
        assert f"{paid:.4g} are paid" in str(raised.value)
        with pytest.raises(UserError):
            stage.run(server.url, ["bee"], per_class=20, concurrency=1, max_cost=0.4)
        assert len(server.calls) == len(stage.stored())
