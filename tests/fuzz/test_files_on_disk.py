"""Whatever happens to a file on disk: what is read is what was written, or it is one line.

Not all is refused: JSON without a space, or another figure of Parquet's statistics, says the same.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import torch

from sau.core.errors import UserError
from sau.networks.network import Network, NetworkConfig
from sau.pipeline.images.finished import FinishedBatches
from sau.pipeline.images.rows import Task
from sau.pipeline.images.wanted import Wanted
from sau.pipeline.prompts.llm.store import AnswerStore, StoredAnswer
from sau.storage import manifest
from sau.storage.part_index import UnreadablePartsError, read_about
from sau.storage.parts import read_parts, write_parts
from sau.storage.reuse import ReusableResults
from tests.fuzz.outcomes import COUNTS, SCALE, deadline
from tests.storage.made import table_of, write_each

FLIPS = 300 * SCALE


def spoilt(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield copies of `data` with a flipped bit, another byte, some more, or some less of them.

    Half of the places lie in the last third, where Parquet's footer is.
    """
    draw = random.Random(seed)
    for _ in range(count):
        found = bytearray(data)
        start = draw.choice((0, 2 * len(data) // 3))
        place = draw.randrange(start, len(data))
        way = draw.randrange(10)
        if way < 6:
            found[place] ^= 1 << draw.randrange(8)
        elif way == 6:
            found[place] = draw.randrange(256)
        elif way == 7:
            found[place : place + 8] = draw.randbytes(8)
        elif way == 8:
            del found[place]
        else:
            found.insert(place, 0)
        yield bytes(found)


def same_or_refused(read: Callable[[], object], expected: object) -> bool:
    """Return whether it was refused; fail where something else than before is read."""
    try:
        with deadline():
            found = read()
    except (UserError, UnreadablePartsError) as error:
        found, refusal = expected, str(error)
    else:
        refusal = ""
    assert found == expected
    assert "\n" not in refusal
    COUNTS["files on disk"]["refused" if refusal else "right"] += 1
    return bool(refusal)


def test_manifests_of_every_kind(tmp_path: Path) -> None:
    paths = write_each(tmp_path)
    refused = 0
    for number, (kind, path) in enumerate(paths.items()):

        def read(path: Path = path, kind: str = kind) -> object:
            return manifest.read(path, kind), manifest.read_metadata(path)

        whole, expected = path.read_bytes(), read()
        for data in spoilt(whole, FLIPS // len(paths), seed=number):
            path.write_bytes(data)
            refused += same_or_refused(read, expected)
    assert refused > FLIPS // 2  # the rest says nothing that anybody reads, such as statistics


@pytest.mark.parametrize("columns", [["id"], ["id", "image"], ["label", "status"]])
def test_manifests_of_which_some_columns_and_row_groups_are_read(
    tmp_path: Path, columns: list[str]
) -> None:
    path = tmp_path / "images.parquet"
    manifest.write(path, "images", table_of("images"), {}, rows_of_a_group=3)

    def read() -> list[pa.Table]:
        return list(manifest.read_groups(path, "images", columns=columns, groups=[2, 0]))

    whole, expected = path.read_bytes(), read()
    for data in spoilt(whole, FLIPS // 10, seed=1):
        path.write_bytes(data)
        same_or_refused(read, expected)


def test_checkpoints(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    tensors = {"weight": torch.arange(60.0), "steps": torch.tensor(3)}
    write_parts(folder, tensors, {"epoch": 3, "history": [[1, "loss/total", 1 / 3]]})

    def read() -> object:
        found = read_parts(folder)
        return {name: tensor.tolist() for name, tensor in found.items()}, read_about(folder)

    refused, expected = 0, read()
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for data in spoilt(whole, FLIPS // 4, seed=2):
            path.write_bytes(data)
            refused += same_or_refused(read, expected)
        path.write_bytes(whole)
    assert refused > FLIPS // 3


def test_finished_batches_of_a_shard(tmp_path: Path) -> None:
    folder, table = tmp_path / "shard-0.batches", table_of("images")
    tasks = [
        Task(place, row["id"], row["label"], row["prompt"], row["seed"])
        for place, row in enumerate(table.to_pylist())
    ]
    wanted = Wanted(tasks, dict.fromkeys({task.label for task in tasks}, "drawn so"))
    batches = FinishedBatches(folder, wanted)
    for start in (0, 4):
        batches.add(start, table.slice(start, 4))
    path = folder / "batch-00000004.parquet"
    for data in spoilt(path.read_bytes(), FLIPS // 5, seed=3):
        shutil.copytree(folder, tmp_path / "copy")
        (tmp_path / "copy" / path.name).write_bytes(data)
        found = FinishedBatches(tmp_path / "copy", wanted)
        ids = table["id"].to_pylist()
        is_whole = found.ids() == set(ids)
        assert is_whole or found.ids() == set(ids[:4])
        assert found.table(ids if is_whole else ids[:4]) == table.slice(0, 8 if is_whole else 4)
        names = {entry.name for entry in (tmp_path / "copy").iterdir()}
        assert len(names) == 2
        assert (path.name in names) == is_whole
        COUNTS["finished batches"]["right" if is_whole else "refused"] += 1
        shutil.rmtree(tmp_path / "copy")


def test_second_names_of_results(tmp_path: Path) -> None:
    output, folder = tmp_path / "shard-0.parquet", tmp_path / "shard-0.reuse"
    output.write_bytes(b"rows of a shard")
    ReusableResults(folder, "identity").store({"shard": output})
    for name in ("shard", "reuse.json"):
        for data in spoilt((folder / name).read_bytes(), FLIPS // 10, seed=4):
            copy = tmp_path / "copy.reuse"
            shutil.copytree(folder, copy)
            (copy / name).write_bytes(data)
            kept = ReusableResults(copy, "identity")
            output.unlink()
            COUNTS["second names"]["right" if kept.holds() else "refused"] += 1
            if kept.holds():
                kept.take_back({"shard": output})
                assert output.read_bytes() == b"rows of a shard"
                shutil.rmtree(copy)
            else:
                assert not copy.exists()
            output.write_bytes(b"rows of a shard")


def test_stored_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    for number in range(3):
        line = StoredAnswer(f"key {number}", "cat", number, "model", False, '{"choices": []}')
        AnswerStore(path).add(line)

    def read() -> object:
        return list(AnswerStore(path).answers())

    refused, whole, expected = 0, path.read_bytes(), read()
    for data in spoilt(whole, FLIPS // 5, seed=6):
        if data.endswith(b"}\n"):  # else the last line counts as one that is not written yet
            path.write_bytes(data)
            refused += same_or_refused(read, expected)
    assert refused > FLIPS // 10


def test_trained_networks(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    Network(NetworkConfig("resnet8", 1, 2)).save_pretrained(folder, provenance={"seed": 1})

    def read() -> object:
        network = Network.from_pretrained(folder)
        weights = {name: tensor.tolist() for name, tensor in network.state_dict().items()}
        return network.config, weights

    refused, expected = 0, read()
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for data in spoilt(whole, FLIPS // 20, seed=5):
            path.write_bytes(data)
            refused += same_or_refused(read, expected)
        path.write_bytes(whole)
    assert refused > FLIPS // 20
