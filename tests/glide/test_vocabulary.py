"""The vocabulary: read, tokenized with, and refused."""

import gzip
import json
from pathlib import Path

import pytest

from sau.glide.openai import read_vocabulary
from sau.glide.tokenizer import GlideTokenizer
from tests.paths import SHARED

GOLDEN = SHARED / "golden" / "glide_tokenizer"
SIZE = 259


def test_merges_are_applied(published: Path) -> None:
    tokenizer = read_vocabulary(published, SIZE)
    found = GlideTokenizer(tokenizer, 8)(["The th"])
    assert tokenizer.convert_ids_to_tokens(found.ids[0].tolist()) == [
        *("the", "Ġ", "th"),
        *["<|endoftext|>"] * 5,
    ]
    assert found.mask[0].tolist() == [True] * 3 + [False] * 5


def test_plain_and_compressed_files_are_the_same(published: Path) -> None:
    packed = published / "encoder.json.gz"
    before = read_vocabulary(published, SIZE)
    (published / "encoder.json").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert read_vocabulary(published, SIZE).get_vocab() == before.get_vocab()


def test_saved_tokenizer_is_the_same(published: Path, tmp_path: Path) -> None:
    tokenizer = read_vocabulary(published, SIZE)
    tokenizer.save_pretrained(tmp_path / "saved")
    loaded = type(tokenizer).from_pretrained(tmp_path / "saved")
    text = "the other <|endoftext|> thing\n é"
    encoded = [GlideTokenizer(each, 40)([text]) for each in (tokenizer, loaded)]
    assert encoded[0].ids.tolist() == encoded[1].ids.tolist()


@pytest.mark.parametrize("name", ["encoder.json.gz", "vocab.bpe"])
def test_missing_file_says_where_it_comes_from(published: Path, name: str) -> None:
    (published / name).unlink()
    with pytest.raises(ValueError, match="GLIDE's vocabulary; `sau fetch glide` downloads it"):
        read_vocabulary(published, SIZE)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("encoder.json", b"{", "encoder.json: not JSON"),
        ("encoder.json", b"[1]", "expected 259 tokens with the ids 0 to 258"),
        ("encoder.json", b'{"a": 0}', "expected 259 tokens with the ids 0 to 258"),
        ("encoder.json", b'{"a": [0]}', "expected 259 tokens with the ids 0 to 258"),
        ("encoder.json", b"\xff", "not UTF-8"),
        ("encoder.json.gz", b"no gzip", "encoder.json.gz: damaged"),
        # No time stamp: the bytes name the test, and both test processes must find the same names.
        ("encoder.json.gz", gzip.compress(b"{}" * 99, mtime=0)[:-9], "encoder.json.gz: damaged"),
        ("vocab.bpe", b"#version\nt h\nth e x\n", "vocab.bpe: line 3 is no pair of tokens"),
        ("vocab.bpe", b"#version\nt q\n", "vocab.bpe: line 2 is no pair of tokens"),
    ],
)
def test_damaged_files_are_refused(published: Path, name: str, data: bytes, message: str) -> None:
    (published / name).write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read_vocabulary(published, SIZE)


def test_end_of_text_must_be_the_last_token(published: Path) -> None:
    tokens = json.dumps({chr(number + 300): number for number in range(SIZE)})
    (published / "encoder.json").write_text(tokens)
    with pytest.raises(ValueError, match="expected <|endoftext|> as the last of the 259 tokens"):
        read_vocabulary(published, SIZE)


@pytest.mark.skipif(not GOLDEN.exists(), reason="the authors' tokens are not here")
def test_tokens_are_those_of_the_authors_code() -> None:
    cases = json.loads((GOLDEN / "tokens.json").read_text(encoding="utf-8"))
    tokenize = GlideTokenizer(read_vocabulary(GOLDEN, 50257), 128)
    found = tokenize([case["prompt"] for case in cases])
    assert len(cases) == 20
    assert found.ids.tolist() == [case["padded"] for case in cases]
    assert found.mask.tolist() == [case["mask"] for case in cases]
    assert [cut.prompt for cut in found.cut] == [
        case["prompt"] for case in cases if len(case["ids"]) > 128
    ]
