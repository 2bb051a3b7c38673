"""The stage on files."""

import logging
from pathlib import Path

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.stage import filter
from sau.storage import manifest
from sau.storage.manifest.schemas import FILTER_RULES
from tests.pipeline.filter.conftest import (
    LENIENT,
    NAMES,
    Folder,
    distinct_hashes,
    scores_table,
    unit_vectors,
    unscored_table,
)
from tests.storage.made import table_of, write_of_version

TEST_HASHES = distinct_hashes(3, seed=5)
OTHERS = list(unit_vectors(3, seed=6).astype(np.float16))


@pytest.fixture
def tests(folder: Folder):
    table = scores_table(3, "t", embedding=OTHERS, perceptual_hash=TEST_HASHES)
    return folder.write("test", table)


def test_rows_are_those_of_the_shards_with_a_column_for_each_rule(folder: Folder) -> None:
    shards = (
        scores_table(3, label=[0, 1, 0], score=[0.1, 0.5, 0.3]),
        scores_table(2, "r", label=[0, 1], score=[0.2, 0.6]),
    )
    rows = folder.run(*shards, keep_fraction=0.5)
    assert [row["id"] for row in rows] == ["s/000", "s/001", "s/002", "r/000", "r/001"]
    assert [row["rank"] for row in rows] == [3, 2, 1, 2, 1]
    assert [row["kept"] for row in rows] == [False, False, True, True, True]
    first, last = rows[0], rows[-1]
    assert first["reason"] == first["top_fraction"] == "rank 3 of 3, not among the best 2 (50 %)"
    assert last["reason"] == "passes top_fraction"
    others = set(FILTER_RULES) - {"top_fraction"}
    assert all(row[rule] is None for row in rows for rule in others)
    np.testing.assert_allclose([row["score"] for row in rows], [0.1, 0.5, 0.3, 0.2, 0.6], rtol=1e-6)


def test_kept_and_reason_follow_from_the_columns(folder: Folder, tests) -> None:
    draws = np.random.default_rng(0)
    hashes = distinct_hashes(80)
    hashes[[5, 6]] = TEST_HASHES[:2] ^ 1
    hashes[30:40] = hashes[40:50]
    labels = draws.integers(0, 3, 80)
    statuses = np.where(draws.random(80) < 0.1, "failed", "ok")
    table = scores_table(
        80,
        label=labels,
        zero_shot=np.where(draws.random(80) < 0.8, labels, (labels + 1) % 3),
        score=draws.random(80),
        contrast=draws.random(80) / 2,
        brightness=draws.random(80),
        sharpness=draws.random(80),
        margin=draws.random(80) / 10,
        entropy=draws.random(80),
        agreement=draws.random(80),
        loss=draws.random(80),
        perceptual_hash=hashes,
        status=statuses,
    )
    rows = folder.run(
        table,
        tests=[tests],
        keep_fraction=0.9,
        leak="drop",
        blank_contrast=0.03,
        dark_brightness=0.1,
        blurred_sharpness=0.05,
        threshold=0.1,
        zero_shot=True,
        margin=0.01,
        agreement=0.1,
        loss=0.95,
        entropy=0.05,
        influence=folder.influence(table, draws.random(80)),
        helpful_fraction=0.8,
        duplicate_hash_distance=0,
        quota=6,
    )
    for row, status in zip(rows, statuses, strict=True):
        words = [row[rule] for rule in FILTER_RULES if row[rule] is not None]
        if status == "failed":
            assert (row["kept"], row["reason"], row["rank"], words) == (
                *(False, "image failed"),
                *(None, []),
            )
        elif words:
            assert (row["kept"], row["reason"]) == (False, words[0])
        else:
            assert (row["kept"], row["reason"]) == (True, f"passes {', '.join(FILTER_RULES)}")
    counts = folder.facts()["rejected"]
    assert list(counts) == sorted(FILTER_RULES)
    assert counts == {
        rule: sum(row[rule] is not None for row in rows) for rule in sorted(FILTER_RULES)
    }
    assert all(counts.values()), counts
    assert counts["leak"] == folder.facts()["leak"]["found"]


def test_images_are_all_kept_without_a_scorer_and_say_so(folder: Folder, tests) -> None:
    rows = folder.run(unscored_table(3), tests=[tests], leak="drop")
    assert {(row["kept"], row["rank"], row["reason"]) for row in rows} == {
        (True, None, "passes leak; no scorer configured")
    }
    with pytest.raises(UserError, match=r"filter.keep_fraction: 3 of 3 .* have no score to go by"):
        folder.run(unscored_table(3), keep_fraction=0.8)


@pytest.mark.parametrize("mode", ["drop", "report"])
def test_leaks_are_dropped_or_reported(mode: str, folder: Folder, tests, caplog) -> None:
    hashes = distinct_hashes(4)
    hashes[1] = TEST_HASHES[2]
    with caplog.at_level(logging.INFO):
        rows = folder.run(scores_table(4, perceptual_hash=hashes), tests=[tests], leak=mode)
    words = "near the test image t/002 (perceptual hashes differ in 0 of 64 bits, limit 4)"
    if mode == "drop":
        assert (rows[1]["kept"], rows[1]["leak"], rows[1]["reason"]) == (False, words, words)
    else:
        assert (rows[1]["kept"], rows[1]["leak"]) == (True, None)
        assert rows[1]["reason"] == f"no rule is on, but is {words}"
    assert sum(row["kept"] for row in rows) == (3 if mode == "drop" else 4)
    leak = folder.facts()["leak"]
    assert (leak["mode"], leak["test_images"], leak["found"]) == (mode, 3, 1)
    assert [measure["found"] for measure in leak["measures"]] == [0, 1]
    assert "perceptual hash: 1 of 4 synthetic images are near one of 3 test images" in caplog.text


def test_leak_check_asks_for_test_scores_unless_it_is_off(folder: Folder, caplog) -> None:
    for tests in (None, []):
        with pytest.raises(UserError, match=r"--test-scores: missing, but filter.leak is drop"):
            folder.run(scores_table(2), tests=tests, leak="drop")
    folder.run(scores_table(2))
    assert folder.facts()["leak"]["mode"] == "off"
    assert "leak check off" in caplog.text


def test_test_scores_that_are_none_are_refused(folder: Folder) -> None:
    with pytest.raises(UserError, match="no such manifest"):
        folder.run(scores_table(2), tests=[folder.path / "nowhere.parquet"], leak="drop")
    folder.run(scores_table(2))
    with pytest.raises(UserError, match="a manifest of kept, expected one of scores"):
        folder.run(scores_table(2), tests=[folder.kept], leak="drop")


def test_embeddings_of_two_models_are_refused(folder: Folder) -> None:
    def made(**facts):
        settings = {"scorer": "open_clip", "model": "ViT-B-32", "pretrained": "openai"}
        return {"settings": settings, **facts}

    first = folder.write("first", scores_table(2), **made(weights_sha256="a" * 64))
    other = folder.write("other", scores_table(2, "t"), **made())
    words = r"with weights a{16}, .* with ViT-B-32 openai"
    with pytest.raises(UserError, match=words):
        filter([first], folder.kept, [other], settings=FilterSettings(leak="report"))
    duplicates = FilterSettings(leak="off", duplicate_similarity=0.9)
    with pytest.raises(UserError, match=words):
        filter([first, other], folder.kept, settings=duplicates)
    without = FilterSettings(leak="report", leak_similarity=None)
    filter([first], folder.kept, [other], settings=without)


EVERYTHING = {
    "keep_fraction": 0.5,
    "leak": "drop",
    "blank_contrast": 0.01,
    "dark_brightness": 0.01,
    "blurred_sharpness": 0.001,
    "threshold": 0.1,
    "zero_shot": True,
    "margin": 0.01,
    "agreement": 0.5,
    "loss": 1.0,
    "entropy": 0.1,
    "helpful_fraction": 0.5,
    "duplicate_similarity": 0.9,
    "duplicate_hash_distance": 2,
    "quota": 1,
}


@pytest.mark.parametrize("count", [0, 1])
def test_rules_bear_no_image_and_one_image(count: int, folder: Folder, tests) -> None:
    influence = folder.influence(scores_table(count), [0.1] * count)
    rows = folder.run(
        *(scores_table(count), scores_table(0)), tests=[tests], influence=influence, **EVERYTHING
    )
    assert [(row["kept"], row["reason"]) for row in rows] == [
        (True, f"passes {', '.join(FILTER_RULES)}")
    ] * count
    assert folder.facts()["rejected"] == dict.fromkeys(FILTER_RULES, 0)


def test_what_helps_most_is_known_by_id_in_whatever_order(folder: Folder) -> None:
    table = scores_table(4, label=[0, 1, 0, 1], status=["ok", "ok", "ok", "failed"])
    known = scores_table(5, label=[0, 1, 0, 1, 0]).take([4, 2, 1, 0])  # of the failed one nothing
    influence = folder.influence(known, [9.0, 0.5, -0.1, -0.2])
    rows = folder.run(table, influence=influence, helpful_fraction=0.5)
    assert [row["kept"] for row in rows] == [False, True, True, False]
    assert (
        rows[0]["reason"]
        == rows[0]["helpful"]
        == ("rank by influence 2 of 2, not among the best 1 (50 %)")
    )
    assert [row["rank"] for row in rows] == [1, 1, 2, None]  # by score, as ever


def test_influence_by_networks_of_another_tail_is_warned_of(folder: Folder, caplog) -> None:
    held_out = folder.path / "validation.parquet"
    digest = manifest.write(held_out, "members", table_of("members", 2), {})
    table = scores_table(4)
    asked = {"helpful_fraction": 0.5, "validation": [held_out]}
    own = folder.influence(table, [0.1, 0.2, 0.3, 0.4], validation=[digest])
    rows = folder.run(table, influence=own, **asked)
    assert [row["kept"] for row in rows] == [False, False, True, True]
    assert "held out other real images" not in caplog.text
    other = folder.influence(table, [0.1, 0.2, 0.3, 0.4], validation=["0" * 64])
    folder.run(table, influence=other, **asked)
    assert "its networks held out other real images than this run does" in caplog.text


def test_influence_is_not_read_where_all_of_a_class_is_kept(folder: Folder) -> None:
    rows = folder.run(scores_table(2), influence="nowhere.parquet", helpful_fraction=1.0)
    assert [row["kept"] for row in rows] == [True, True]
    assert folder.facts()["inputs"]["influence"] == []


def test_influence_of_other_images_or_networks_is_refused(folder: Folder) -> None:
    table = scores_table(2)
    path = folder.write("scores", table, stage="scores", inputs={"images": ["a"]})
    real = folder.train_images()

    def refused(influence: str, words: str, real: Path | None = real) -> None:
        settings = FilterSettings(**LENIENT, influence=influence, helpful_fraction=0.5)
        with pytest.raises(UserError, match=words):
            filter([path], folder.kept, train_images=real, settings=settings)
        assert not folder.kept.exists()

    refused(folder.influence(table, [1, 2], images=["b"]), "scores.parquet: made from other images")
    refused(folder.influence(table.slice(1), [2]), "1 of 2 readable .* have no influence to go by")
    other = scores_table(2, label=[0, 1])
    refused(folder.influence(other, [1, 2]), "'s/001' has another label there than in the scores")
    known = folder.influence(table, [1, 2])
    refused(known, "made from other train images than", folder.train_images(5))
    refused(known, "--train-images: missing, but filter.influence is set", None)


def test_table_of_failed_images_is_a_warning(folder: Folder, tests, caplog) -> None:
    rows = folder.run(scores_table(2, status=["failed"] * 2), tests=[tests], leak="drop")
    assert {row["reason"] for row in rows} == {"image failed"}
    assert "classes without a synthetic image, 2: bee; cat" in caplog.text
    assert "classes without a readable synthetic image, 1: ant" in caplog.text


def test_emptied_class_stops_the_stage_and_leaves_no_file(folder: Folder) -> None:
    table = scores_table(2, label=[0, 1], score=[0.9, 0.1])
    with pytest.raises(UserError, match="bee: 0 of 1 kept, 1 rejected by threshold"):
        folder.run(table, threshold=0.5)
    assert not folder.kept.exists()
    rows = folder.run(table, threshold=0.5, on_empty_class="warn")
    assert [row["kept"] for row in rows] == [True, False]


def test_labels_outside_the_classes_and_missing_shards_are_refused(folder: Folder) -> None:
    with pytest.raises(UserError, match="the first is 3; expected 0 to 2"):
        folder.run(scores_table(1, label=[3]))
    with pytest.raises(UserError, match="--scores: no manifest of scores given"):
        filter([], folder.kept, settings=FilterSettings())


def test_scores_of_an_older_version_are_refused(folder: Folder) -> None:
    version = manifest.SCHEMA_VERSION
    path = folder.write("old", scores_table(1))
    write_of_version(path, "scores", scores_table(1), version - 1)
    with pytest.raises(UserError, match=f"schema version {version - 1}, expected {version}"):
        filter([path], folder.kept, settings=FilterSettings(leak="off"))


def test_files_bytes_repeat_and_name_the_classes(folder: Folder, tests) -> None:
    table = scores_table(6, label=[0, 1, 2] * 2)
    folder.run(table, tests=[tests], leak="drop", keep_fraction=0.5)
    first = folder.kept.read_bytes()
    folder.run(table, tests=[tests], leak="drop", keep_fraction=0.5)
    assert folder.kept.read_bytes() == first
    assert folder.facts()["class_names"] == NAMES
