import json
from pathlib import Path
from typing import Any

import pytest

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.belonging import (
    Agree,
    Link,
    Shared,
    Split,
    Within,
    check_inputs,
    earlier_inputs,
    few,
    recorded_hashes,
)
from sau.storage.manifest.reading import read_record
from sau.storage.provenance import identity_of
from tests.storage.made import table_of


def written(path: Path, kind: str, rows: int = 8, **facts: Any) -> tuple[Path, str]:
    """Write a manifest, and return its path and its content hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path, manifest.write(path, kind, table_of(kind, rows), facts)


def test_parent_of_another_run_is_refused_by_both_names(tmp_path: Path) -> None:
    images, digest = written(tmp_path / "images.parquet", "images")
    other, _ = written(tmp_path / "other.parquet", "images", rows=7)
    scores, _ = written(
        tmp_path / "scores.parquet", "scores", stage="scores", inputs={"images": [digest]}
    )
    link = Link("scores", "images", "images")
    check_inputs({"scores": scores, "images": images}, link)
    check_inputs({"scores": [scores], "images": []}, link)
    with pytest.raises(UserError) as refusal:
        check_inputs({"scores": [scores], "images": [images, other]}, link)
    assert all(text in str(refusal.value) for text in (str(scores), str(other), "scores stage"))


def test_parent_of_a_parent_is_found_by_names_with_points(tmp_path: Path) -> None:
    images, of_images = written(tmp_path / "images.parquet", "images")
    other, _ = written(tmp_path / "other.parquet", "images", rows=7)
    scores, of_scores = written(
        tmp_path / "scores.parquet", "scores", inputs={"images": [of_images]}
    )
    earlier = earlier_inputs({"scores": [read_record(scores)]})
    assert earlier == {"scores.images": [of_images]}
    kept, _ = written(
        tmp_path / "kept.parquet", "kept", inputs={"scores": [of_scores]}, earlier_inputs=earlier
    )
    link = Link("kept", "scores.images", "images")
    check_inputs({"kept": kept, "images": images}, link)
    with pytest.raises(UserError, match="made from other images than"):
        check_inputs({"kept": kept, "images": other}, link)


def test_many_shards_are_recorded_one_by_one_only_where_a_rule_asks(tmp_path: Path) -> None:
    """Of 10,000 shards, each file of a training had megabytes of hashes."""
    shards = [f"{number:064x}" for number in range(1000)]
    images, of_images = written(tmp_path / "images.parquet", "images")
    other, _ = written(tmp_path / "other.parquet", "images", rows=7)
    inputs = {"scores": shards}
    kept, of_kept = written(
        tmp_path / "kept.parquet",
        "kept",
        inputs=few(inputs),
        earlier_inputs=few({"scores.images": [*shards, of_images]}),
    )
    assert recorded_hashes(read_record(kept).provenance, "scores") == shards
    complement, of_complement = written(
        tmp_path / "complement.parquet",
        "members",
        inputs=few({"kept": [of_kept]}),
        earlier_inputs=earlier_inputs({"kept": [read_record(kept)]}),
    )
    link = Link("complement", "kept.scores.images", "images")
    check_inputs({"complement": complement, "images": images}, link)
    with pytest.raises(UserError, match="made from other images than"):
        check_inputs({"complement": complement, "images": other}, link)
    trained = {
        "inputs": few({"complement": [of_complement], "synthetic_images": shards}),
        "earlier_inputs": earlier_inputs({"complement": [read_record(complement)]}),
    }
    assert len(json.dumps(trained)) < 1000
    assert recorded_hashes(trained, "synthetic_images") == []  # nothing that a rule could miss
    other_shards = few({"complement": [of_complement], "synthetic_images": shards[1:]})
    assert other_shards != trained["inputs"]


def test_selection_of_rows_stands_for_the_whole_and_the_whole_for_it(tmp_path: Path) -> None:
    whole, digest = written(tmp_path / "whole.parquet", "images")
    part, of_part = written(tmp_path / "part.parquet", "images", rows=3, selected_from=digest)
    members, _ = written(tmp_path / "members.parquet", "members", inputs={"train_images": [digest]})
    check_inputs({"members": members, "images": part}, Link("members", "train_images", "images"))
    made = {
        "inputs": {"images": [of_part]},
        "earlier_inputs": earlier_inputs({"images": [read_record(part)]}),
    }
    assert recorded_hashes(made, "images") == [of_part, digest]
    predictions, _ = written(tmp_path / "predictions.parquet", "predictions", **made)
    check_inputs(
        {"predictions": predictions, "images": whole}, Link("predictions", "images", "images")
    )


def test_manifest_that_records_nothing_belongs_to_any(tmp_path: Path) -> None:
    images, _ = written(tmp_path / "images.parquet", "images")
    by_hand, _ = written(tmp_path / "scores.parquet", "scores")
    rules = (
        Link("scores", "images", "images"),
        Agree(("class_names",), ("scores", "images")),
        Shared("scores", "images"),
        Split("images", "training"),
    )
    check_inputs({"scores": [by_hand], "images": images}, *rules)


def test_facts_that_differ_are_refused(tmp_path: Path) -> None:
    first, _ = written(tmp_path / "first.parquet", "scores", class_names=["a", "b", "c"])
    second, _ = written(tmp_path / "second.parquet", "scores", class_names=["a", "c", "b"])
    rule = Agree(("class_names",), ("scores",))
    check_inputs({"scores": [first, first]}, rule)
    with pytest.raises(UserError, match=f"{second}: class_names differs from that of {first}"):
        check_inputs({"scores": [first, second]}, rule)


def test_files_of_one_input_come_from_the_same(tmp_path: Path) -> None:
    shards = [
        written(tmp_path / f"{name}.parquet", "scores", earlier_inputs={"images.prompts": [name]})[
            0
        ]
        for name in ("a", "b")
    ]
    rule = Shared("scores", "images.prompts")
    check_inputs({"scores": [shards[0]] * 2}, rule)
    with pytest.raises(
        UserError,
        match=f"{shards[1]}: made from other prompts than {shards[0]}; .*make its images again",
    ):
        check_inputs({"scores": shards}, rule)


def test_files_come_from_some_of_those_that_another_was_made_from(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, "scores", inputs={"images": [name]}) for name in "ab")
    whole, _ = written(
        tmp_path / "w", "influence", stage="influence", inputs={"images": ["a", "c"]}
    )
    rule = Within("scores", "images", "whole")
    check_inputs({"scores": [first[0]], "whole": whole}, rule)
    check_inputs({"scores": [first[0], second[0]], "whole": []}, rule)
    with pytest.raises(UserError) as refusal:
        check_inputs({"scores": [first[0], second[0]], "whole": [whole]}, rule)
    said = f"{second[0]}: made from other images than {whole}, by the hashes that both record; "
    assert str(refusal.value) == f"{said}run the influence stage on these images"
    by_hand, _ = written(tmp_path / "h", "influence")
    check_inputs({"scores": [second[0]], "whole": by_hand}, rule)


def test_training_images_are_no_test_images(tmp_path: Path) -> None:
    train, _ = written(tmp_path / "train.parquet", "images", split="training")
    with pytest.raises(UserError, match="holds the training images, expected the test images"):
        check_inputs({"test_images": train}, Split("test_images", "test"))


@pytest.mark.parametrize(
    ("place", "facts", "told"),
    [
        ("imbalance-100/real", {"requested_imbalance_factor": "10"}, "factor 100 belongs"),
        ("data-seed-1/real", {"data_seed": 0}, "data seed 1 belongs, but was made for 0"),
        ("imbalance-2/data-seed-0/seed-1/history", {"seed": 2}, "seed 1 belongs"),
        ("ce/imbalance-2/data-seed-0/seed-1/history", {"run": "sau"}, "run ce belongs"),
        ("images/shard-3", {"shard": 1}, "shard 3 belongs, but was made for 1"),
    ],
)
def test_place_of_another_run_is_refused(
    tmp_path: Path, place: str, facts: dict[str, Any], told: str
) -> None:
    path, _ = written(tmp_path / f"{place}.parquet", "history", **facts)
    with pytest.raises(UserError, match=told):
        check_inputs({"history": path})


@pytest.mark.parametrize(
    ("place", "facts"),
    [
        ("imbalance-100/real", {"requested_imbalance_factor": "100.0"}),
        ("imbalance-as-is/real", {"requested_imbalance_factor": "as-is"}),
        ("seed-5/mine/real", {"seed": 2}),
        ("imbalance-2/real", {}),
        ("mine/imbalance-2/real", {"run": "sau"}),
        ("ce/imbalance-2/data-seed-0/seed-1/history", {"run": ""}),
        ("seed-best/history", {"seed": 2}),
        ("images/shard-0003", {"shard": 3}),
    ],
)
def test_places_of_other_kinds_are_of_no_interest(
    tmp_path: Path, place: str, facts: dict[str, Any]
) -> None:
    path, _ = written(tmp_path / f"{place}.parquet", "history", **facts)
    check_inputs({"history": path})


@pytest.mark.parametrize(("folder", "above"), [("ce", ""), ("ce", "./"), ("ce/mine", "../")])
def test_place_may_be_named_from_a_folder_within(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, above: str
) -> None:
    place = "imbalance-2/data-seed-0/seed-1/history.parquet"
    written(tmp_path / "ce" / place, "history", run="ce", seed=1)
    (tmp_path / folder).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    check_inputs({"history": Path(f"{above}{place}")})


def test_identity_does_not_depend_on_how_inputs_came_about() -> None:
    record = {"inputs": {"kept": ["a"]}, "earlier_inputs": {"kept.scores": ["b"]}}
    assert identity_of(record) == identity_of(record | {"earlier_inputs": {}})
    assert identity_of(record) != identity_of(record | {"inputs": {"kept": ["c"]}})
