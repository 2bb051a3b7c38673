"""Answers that would be gigabytes, in what no request asks for, by a real server on loopback."""

import gzip
import tracemalloc

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.llm.decompress import Decompressor
from sau.pipeline.prompts.llm.failures import BrokenAnswerError
from sau.pipeline.prompts.llm.transport import LARGEST_ANSWER
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, good

HUGE = b" " * (8 * LARGEST_ANSWER)
NAMES = ["ant", "bee", "cat", "dog"]


def packed(codec):
    return lambda data: pa.Codec(codec, compression_level=1).compress(data, asbytes=True)


def twice(data):
    return gzip.compress(gzip.compress(data, 1), 1)


BOMBS = {
    "brotli": ("br", packed("brotli"), "compressed by 'br', which nobody asked for"),
    "zstd": ("zstd", packed("zstd"), "compressed by 'zstd', which nobody asked for"),
    "gzip in gzip": ("gzip, gzip", twice, "compressed by 'gzip, gzip', which nobody asked for"),
    "brotli in gzip": (
        "br, gzip",
        lambda data: gzip.compress(packed("brotli")(data)),
        "compressed by 'br, gzip', which nobody asked for",
    ),
    "gzip in gzip, told of one": ("gzip", twice, "no chat completion"),
    "brotli, told of none": ("", packed("brotli"), "no chat completion"),
    "zstd, told as gzip": ("gzip", packed("zstd"), "compressed data is damaged"),
}


@pytest.fixture(scope="module")
def bombs():
    return {name: pack(HUGE) for name, (_, pack, _) in BOMBS.items()}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_ends_in_one_line_and_loses_no_answer(stage, bombs, name):
    encoding, _, words = BOMBS[name]
    headers = {"Content-Encoding": encoding} if encoding else {}
    bomb = Reply(bombs[name], headers=headers)
    with (
        Loopback(lambda call: bomb if call.class_name() == "cat" else good(call)) as server,
        pytest.raises(UserError) as raised,
    ):
        stage.run(server.url, NAMES, concurrency=1, max_retries=0)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert [line["class_name"] for line in stage.stored()] == ["ant", "bee"]
    assert len(server.calls) == 3

    with Loopback(good) as server:
        table = stage.run(server.url, NAMES, concurrency=1)
    assert [call.class_name() for call in server.calls] == ["cat", "dog"]
    assert table["source"].tolist() == ["llm"] * 4


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("name", ["brotli", "zstd", "gzip in gzip"])
def test_bomb_in_an_error_is_no_more_than_another(stage, bombs, name, status):
    encoding, _, words = BOMBS[name]
    bomb = Reply(bombs[name], status, {"Content-Encoding": encoding})
    with Loopback(lambda call: bomb) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, NAMES, concurrency=1, max_retries=2)
    assert words in str(raised.value)
    assert len(server.calls) == 1


def test_memory_of_a_bomb_is_that_of_its_limit(bombs):
    decompressor = Decompressor("gzip", LARGEST_ANSWER)
    bomb = gzip.decompress(bombs["gzip in gzip"])
    tracemalloc.start()
    try:
        with pytest.raises(BrokenAnswerError, match="larger than 8 MiB"):
            decompressor.add(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_ANSWER < len(HUGE)
    finally:
        tracemalloc.stop()
