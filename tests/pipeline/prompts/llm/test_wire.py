"""What a server can do to the wire, by a real one on loopback."""

import gzip
import zlib

import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.llm.transport import LARGEST_ANSWER
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion, error, good, good_text

MUCH = 64 * LARGEST_ANSWER


def refusal_of(stage, reply, **values):
    """Return what a run says that stops, and the server, which answers everything alike."""
    with Loopback(lambda call: reply) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"], **{"max_retries": 0, **values})
    assert "\n" not in str(raised.value)
    assert not stage.answers.exists()
    return str(raised.value), server


def test_timeout_is_of_the_whole_answer(stage):
    body = completion("A bee.")
    said, server = refusal_of(stage, Reply(body, fate="drip"), timeout=0.5)
    assert "no answer in time" in said
    assert 0 < server.sent < len(body) / 2


def test_timeout_is_of_an_answer_that_drips_its_head_too(stage):
    said, server = refusal_of(stage, Reply(completion("A bee."), fate="drip_head"), timeout=0.5)
    assert "no answer in time" in said
    assert server.sent > 0


def test_endless_answer_is_cut_at_its_limit(stage):
    said, server = refusal_of(stage, Reply(b" " * 2**16, fate="endless"), timeout=30)
    assert "larger than 8 MiB" in said
    assert server.sent < 4 * LARGEST_ANSWER
    assert len(server.calls) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bomb_is_decompressed_to_its_limit_only(stage, encoding):
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding]
    bomb = Reply(pack(b" " * MUCH, 1), headers={"Content-Encoding": encoding})
    said, server = refusal_of(stage, bomb)
    assert "larger than 8 MiB" in said
    assert len(server.calls) == 1


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", bare_deflate),
        ("identity", bytes),
    ],
)
def test_compressed_answer_that_nobody_asked_for_is_read(stage, encoding, pack):
    def reply(call):
        body = pack(completion(good_text("bee", call.number)).encode())
        return Reply(body, headers={"Content-Encoding": encoding})

    with Loopback(reply) as server:
        table = stage.run(server.url, ["bee"])
    assert server.calls[0].headers["accept-encoding"] == "identity"
    assert table["source"].tolist() == ["llm"]


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("br", b"x", "compressed by 'br', which nobody asked for"),
        ("gzip, gzip", b"x", "compressed by 'gzip, gzip'"),
        ("gzip", b"{}", "compressed data is damaged"),
        ("gzip", gzip.compress(completion("A bee.").encode())[:-20], "compressed, and cut off"),
    ],
)
def test_compression_that_cannot_be_undone_is_said(stage, encoding, body, words):
    said, _ = refusal_of(stage, Reply(body, headers={"Content-Encoding": encoding}))
    assert words in said


@pytest.mark.parametrize("status", [200, 400, 502])
@pytest.mark.parametrize("start", ["[", '{"choices":', '{"error": {"message":'])
def test_body_nested_without_end_is_said(stage, start, status):
    said, server = refusal_of(stage, Reply(start * 200_000, status), max_retries=2)
    assert "nested deeper than 100 levels" in said
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed_and_said(stage, status):
    headers = {"Location": "https://me:pass@example.org/v1/chat?token=secret"}
    said, server = refusal_of(stage, Reply(completion("A bee."), status, headers))
    assert f"HTTP {status}: it points to https://example.org/v1/chat, and is not followed" in said
    assert [call.method for call in server.calls] == ["POST"]


def test_error_cannot_act_on_the_terminal(stage, caplog):
    bad = "\x1b]0;owned\x07\x1b[2J\u202eno\nsau prompts: all is well"
    said, _ = refusal_of(stage, Reply(error(bad), 500), max_retries=1)
    assert r"\x1b]0;owned\x07\x1b[2J\u202eno sau prompts: all is well" in said
    assert all(text.isprintable() for text in [said, *caplog.messages])


def test_answer_may_be_of_other_letters(stage):
    def reply(call):
        body = completion(good_text("piña", call.number)).replace("\\u00f1", "ñ")
        kind = {"Content-Type": "application/json; charset=latin-1"}
        return Reply(body.encode("latin-1"), headers=kind)

    with Loopback(reply) as server:
        table = stage.run(server.url, ["piña"])
    assert "piña" in table["prompt"].iloc[0]


@pytest.mark.parametrize("mark", ["\ufeff", " \n"])
def test_answer_may_begin_with_a_mark_or_space(stage, mark):
    with Loopback(lambda call: Reply(f"{mark}{good(call).body}")) as server:
        assert stage.run(server.url, ["bee"])["source"].tolist() == ["llm"]
