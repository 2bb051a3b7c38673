import tracemalloc

import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.store import AnswerStore, Asked, StoredAnswer


def answer(key, body="{}", **others):
    return StoredAnswer(key, "bee", 3, "gpt-4", batch=False, body=body, **others)


def test_answers_that_were_added_are_there_again(tmp_path):
    path = tmp_path / "folder" / "answers.jsonl"
    store = AnswerStore(path)
    first = answer("a", '{"text": "\u871c\u8702\u2028\\n"}')
    store.add(first)
    store.add(answer("b"))
    again = AnswerStore(path)
    assert list(again.answers()) == list(store.answers()) == [first, answer("b")]
    assert "a" in again
    assert "c" not in again


def test_answer_is_on_the_disk_when_add_returns(tmp_path):
    path = tmp_path / "answers.jsonl"
    store = AnswerStore(path)
    for number, key in enumerate("abc", start=1):
        store.add(answer(key))
        assert len(path.read_bytes().splitlines()) == number


@pytest.mark.parametrize("lost", [1, 2, 40])
def test_line_that_is_half_at_the_end_counts_as_not_written(tmp_path, lost):
    path = tmp_path / "answers.jsonl"
    store = AnswerStore(path)
    store.add(answer("a"))
    store.add(answer("b"))
    path.write_bytes(path.read_bytes()[:-lost])
    after = AnswerStore(path)
    assert [found.key for found in after.answers()] == ["a"]
    after.add(answer("b"))
    after.add(answer("c"))
    assert [found.key for found in AnswerStore(path).answers()] == ["a", "b", "c"]


def test_first_answer_to_a_request_counts(tmp_path):
    path = tmp_path / "answers.jsonl"
    AnswerStore(path).add(answer("a", "1"))
    twin = tmp_path / "twin.jsonl"
    AnswerStore(twin).add(answer("a", "2"))
    path.write_bytes(path.read_bytes() + twin.read_bytes())
    assert AnswerStore(path).body("a") == "1"


@pytest.mark.parametrize(
    "line", ["no JSON", "[]", '{"key": "a"}', "3", '{"started_batch": "x", "requests": null}']
)
def test_file_of_another_kind_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "answers.jsonl"
    AnswerStore(path).add(answer("a"))
    path.write_bytes(path.read_bytes() + line.encode() + b"\n")
    with pytest.raises(UserError) as raised:
        AnswerStore(path)
    assert "line 2 is no stored answer" in str(raised.value)


def test_jobs_are_open_until_their_answers_are_fetched(tmp_path):
    path = tmp_path / "answers.jsonl"
    store = AnswerStore(path)
    request = Request("bee", 3, "gpt-4", "", "What?", {})
    store.start_batch("one", [])
    store.start_batch("two", [request])
    store.end_batch("one")
    asked = {request.key: Asked(request.key, "bee", 3, "gpt-4")}
    assert AnswerStore(path).open_batches() == store.open_batches() == {"two": asked}


def test_store_without_a_file_is_empty(tmp_path):
    store = AnswerStore(tmp_path / "answers.jsonl")
    assert list(store.answers()) == []
    assert len(store) == 0


def test_folder_is_no_store(tmp_path):
    with pytest.raises(UserError, match="answers cannot be read .Is a directory.; expected a file"):
        AnswerStore(tmp_path)


def test_folder_that_is_a_file_is_found_before_anything_is_asked(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="answers cannot be read .Not a directory"):
        AnswerStore(tmp_path / "file" / "answers.jsonl")


def test_memory_is_not_that_of_the_answers(tmp_path):
    store = AnswerStore(tmp_path / "answers.jsonl")
    for key in range(200):
        store.add(answer(str(key), str(key % 10) * 50_000))
    tracemalloc.start()
    try:
        again = AnswerStore(store.path)
        bodies = sum(len(each.body) for each in again.answers())
        assert again.body("7") == "7" * 50_000
        assert bodies == 200 * 50_000
        assert tracemalloc.get_traced_memory()[1] < bodies / 10
    finally:
        tracemalloc.stop()


def test_answers_of_two_stores_are_found_whoever_added_last(tmp_path):
    """Where a lock was taken over, both go on to add."""
    one, other = (AnswerStore(tmp_path / "answers.jsonl") for _ in range(2))
    one.add(answer("a", "1"))
    other.add(answer("b", "2"))
    one.add(answer("c", "3"))
    assert [one.body("a"), other.body("b"), one.body("c")] == ["1", "2", "3"]
    assert [each.key for each in AnswerStore(one.path).answers()] == ["a", "b", "c"]


@pytest.mark.parametrize("other", ["", "x", "{}"])
def test_file_that_was_changed_meanwhile_is_said(tmp_path, other):
    store = AnswerStore(tmp_path / "answers.jsonl")
    store.add(answer("a"))
    store.path.write_text(other)
    with pytest.raises(UserError, match="somebody has changed it since it was read; run again"):
        store.body("a")
    store.path.unlink()
    with pytest.raises(UserError, match="cannot be read .No such file"):
        list(store.answers())
