from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.training.members import members_facts, read_members
from sau.storage.manifest import SCHEMAS, write

TAIL = {"data_seed": 0, "imbalance_factor": 8.0, "real_counts": [2, 1]}


def write_list(path: Path, names: list[str], made: bool, **facts: Any) -> Path:
    rows = [{"id": name, "label": 0, "is_synthetic": made} for name in names]
    write(path, "members", pa.Table.from_pylist(rows, SCHEMAS["members"]), TAIL | facts)
    return path


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return write_list(tmp_path / "real.parquet", ["a", "b"], False, validation_counts=[0, 0])


@pytest.fixture
def synthetic(tmp_path: Path) -> Path:
    return write_list(tmp_path / "synthetic.parquet", ["c"], True, synthetic_counts=[0, 1])


def test_real_members_then_their_complement(real: Path, synthetic: Path) -> None:
    assert read_members([real, synthetic], "balanced")["id"].to_pylist() == ["a", "b", "c"]
    assert read_members([real], "real")["id"].to_pylist() == ["a", "b"]


def test_facts_of_all_lists(real: Path, synthetic: Path) -> None:
    lists = {"validation_counts": [0, 0], "synthetic_counts": [0, 1]}
    assert members_facts([real, synthetic]) == TAIL | lists
    assert members_facts([real]) == TAIL | {"validation_counts": [0, 0]}


def test_empty_complement_is_one(real: Path, tmp_path: Path) -> None:
    empty = write_list(tmp_path / "empty.parquet", [], True)
    assert read_members([real, empty], "balanced").num_rows == 2


def test_members_of_another_kind_are_refused(real: Path, synthetic: Path) -> None:
    with pytest.raises(UserError, match="on real images alone; leave the complement out"):
        read_members([real, synthetic], "real")
    with pytest.raises(UserError, match="give --members the manifest of the complement stage"):
        read_members([real], "balanced")


def test_lists_of_two_training_sets_are_refused(real: Path, tmp_path: Path) -> None:
    other = write_list(tmp_path / "other.parquet", ["c"], True, data_seed=1)
    with pytest.raises(UserError, match=r"other.parquet: its data_seed is not that of .*real"):
        read_members([real, other], "balanced")


def test_image_in_both_lists_is_refused(real: Path, tmp_path: Path) -> None:
    twice = write_list(tmp_path / "twice.parquet", ["b"], True)
    with pytest.raises(UserError, match="'b'"):
        read_members([real, twice], "balanced")


def test_single_member_is_refused(tmp_path: Path) -> None:
    one = write_list(tmp_path / "one.parquet", ["a"], False)
    with pytest.raises(UserError, match="1 training images, expected at least 2"):
        read_members([one], "real")
