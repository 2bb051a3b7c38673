import json

import pytest

from sau.core.errors import UserError
from tests.pipeline.prompts.llm.conftest import KEY
from tests.pipeline.prompts.llm.loopback import Loopback, good


def test_missing_key_is_said_with_its_variable(stage, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with Loopback(good) as server:
        with pytest.raises(UserError) as raised:
            stage.run(server.url, ["bee"])
        assert "the environment variable OPENAI_API_KEY is not set" in str(raised.value)
        with pytest.raises(UserError) as raised:
            stage.run(server.url, ["bee"], api_key_variable="OTHER_KEY")
        assert "the environment variable that it names" in str(raised.value)
        assert "OTHER_KEY" not in str(raised.value)
        assert server.calls == []


def test_key_with_a_line_break_in_it_is_refused_and_not_repeated(stage, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY} {KEY}")
    with pytest.raises(UserError) as raised:
        stage.run("http://127.0.0.1:1", ["bee"])
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "values",
    [
        {"model": KEY},
        {"system_command": f"My key is {KEY}."},
        {"parameters": {"extra": [f"Bearer {KEY}"]}},
        {"base_url": f"http://127.0.0.1:1/{KEY}/v1"},
    ],
)
def test_key_in_another_setting_is_refused_and_not_repeated(stage, values):
    with pytest.raises(UserError) as raised:
        stage.run("http://127.0.0.1:1", ["bee"], **values)
    assert str(raised.value).startswith(f"prompts.{next(iter(values))}: holds the key")
    assert KEY not in str(raised.value)


def test_key_that_is_a_word_may_stand_in_settings(stage, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "localhost")
    with Loopback(good) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        assert stage.run(url, ["bee"])["source"].tolist() == ["llm"]


@pytest.mark.usefixtures("no_key_anywhere")
def test_local_server_wants_no_key_and_gets_none(stage):
    """The key of the environment is for OpenAI; a server that wants none must not see it."""
    with Loopback(good) as server:
        stage.run(server.url, ["bee"], api_key_variable="")
    assert KEY not in json.dumps(server.calls[0].headers)


@pytest.mark.usefixtures("no_key_anywhere")
def test_azure_has_its_own_address_header_and_version(stage):
    with Loopback(good) as server:
        settings = {"api": "azure", "api_version": "2024-10-21", "model": "my-deployment"}
        stage.run(server.url, ["bee"], base_url=server.url, **settings)
    (call,) = server.calls
    assert call.path == (
        "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
    )
    assert call.headers["api-key"] == KEY
    assert "authorization" not in call.headers
