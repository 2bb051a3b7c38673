"""The rules put together."""

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.filter.images import Images
from sau.pipeline.filter.rules import judge, passes, verdicts
from sau.pipeline.filter.settings import FilterSettings
from sau.storage.manifest.schemas import FILTER_RULES
from tests.pipeline.filter.conftest import (
    LENIENT,
    NAMES,
    distinct_hashes,
    scores_table,
    unscored_table,
)


def judged(table, leak=None, **settings):
    images = Images.readable(table)
    return judge(images, leak, FilterSettings(**LENIENT | settings), NAMES)


def rejected(table, **settings):
    """Return, for each rule that is on, the rows that it rejects."""
    return {
        name: [row for row, words in enumerate(column.to_pylist()) if words]
        for name, column in judged(table, **settings).items()
    }


@pytest.mark.parametrize(
    ("measure", "key", "rule", "limit"),
    [
        ("contrast", "blank_contrast", "blank", 0.05),
        ("brightness", "dark_brightness", "dark", 0.1),
        ("sharpness", "blurred_sharpness", "blurred", 0.01),
        ("score", "threshold", "threshold", 0.25),
        ("margin", "margin", "margin", 0.02),
        ("agreement", "agreement", "agreement", 0.5),
        ("entropy", "entropy", "entropy", 0.3),
    ],
)
def test_least_figures(measure, key, rule, limit):
    figures = [limit - 0.001, limit, limit + 0.001]
    table = scores_table(3, **{measure: figures})
    assert rejected(table, **{key: limit}) == {rule: [0]}
    missing = scores_table(3, **{measure: [None, *figures[1:]]})
    with pytest.raises(UserError, match=f"filter.{key}: 1 of 3 readable .* have no {measure}"):
        judged(missing, **{key: limit})
    nan = scores_table(3, **{measure: [float("nan"), *figures[1:]]})
    with pytest.raises(UserError, match=f"filter.{key}: 1 of 3"):
        judged(nan, **{key: limit})


def test_greatest_loss():
    table = scores_table(3, loss=[1.9, 2.0, 2.1])
    assert rejected(table, loss=2.0) == {"loss": [2]}
    assert judged(table, loss=2.0)["loss"].to_pylist()[2] == "loss 2.1, above 2"
    missing = scores_table(2, loss=[None, 1.0])
    with pytest.raises(UserError, match=r"filter.loss: 1 of 2 .* with scores.classifiers"):
        judged(missing, loss=2.0)


def test_share_that_helps_most_of_each_class():
    table = scores_table(5, label=[0, 0, 0, 1, 1])
    influence = pa.array([0.1, -0.2, 0.3, -0.5, -0.4], pa.float32())
    asked = {"helpful_fraction": 0.5, "influence": "i.parquet"}
    assert rejected(table.append_column("influence", influence), **asked) == {"helpful": [1, 3]}
    said = judged(table.append_column("influence", influence), **asked)["helpful"].to_pylist()
    assert said[1] == "rank by influence 3 of 3, not among the best 2 (50 %)"
    unknown = pa.array([0.1, None, 0.3, -0.5, -0.4], pa.float32())
    with pytest.raises(UserError, match="helpful_fraction: 1 of 5 .* of these very images as"):
        judged(table.append_column("influence", unknown), **asked)


def test_zero_shot_agreement():
    table = scores_table(3, label=[0, 1, 2], zero_shot=[0, 2, 2])
    assert rejected(table, zero_shot=True) == {"zero_shot": [1]}
    with pytest.raises(
        UserError, match="column zero_shot of the scores has class 3, expected 0 to"
    ):
        judged(scores_table(1, zero_shot=[3]), zero_shot=True)


def test_near_duplicates_by_either_measure():
    hashes = distinct_hashes(4)
    hashes[3] = hashes[0] ^ 1
    table = scores_table(4, perceptual_hash=hashes)
    vectors = table["embedding"].to_pylist()
    table = scores_table(
        4, perceptual_hash=hashes, embedding=[vectors[0], vectors[1], vectors[1], vectors[3]]
    )
    assert rejected(table, duplicate_similarity=0.99) == {"near_duplicate": [2]}
    assert rejected(table, duplicate_hash_distance=1) == {"near_duplicate": [3]}
    both = judged(table, duplicate_similarity=0.99, duplicate_hash_distance=1)["near_duplicate"]
    assert both.to_pylist() == [
        None,
        None,
        "near the better image s/001 (cosine 1, limit 0.99)",
        "near the better image s/000 (perceptual hashes differ in 1 of 64 bits, limit 1)",
    ]


def test_duplicates_of_another_class_stay():
    table = scores_table(2, label=[0, 1], perceptual_hash=[5, 5])
    assert rejected(table, duplicate_hash_distance=0) == {"near_duplicate": []}


def test_first_id_stays_without_scores():
    table = unscored_table(3, id=["c", "a", "b"], perceptual_hash=[5, 5, 5])
    assert rejected(table, duplicate_hash_distance=0) == {"near_duplicate": [0, 2]}


def test_rules_judge_on_their_own_and_the_quota_what_they_leave():
    """Scores fall from 0 to 5; the threshold rejects 4 and 5, zero-shot 0."""
    table = scores_table(6, score=[0.9, 0.8, 0.7, 0.6, 0.2, 0.1], zero_shot=[1, 0, 0, 0, 0, 0])
    found = rejected(table, threshold=0.5, zero_shot=True, keep_fraction=0.5, quota=1)
    assert found == {"threshold": [4, 5], "zero_shot": [0], "top_fraction": [3, 4, 5], "quota": [2]}
    assert list(found) == [name for name in FILTER_RULES if name in found]
    alone = rejected(table, keep_fraction=0.5)
    assert alone["top_fraction"] == found["top_fraction"]


@pytest.mark.parametrize(
    "settings",
    [
        {"keep_fraction": 0.5},
        {"quota": 1},
        {"threshold": 0.1},
        {"zero_shot": True},
        {"margin": 0.1},
        {"duplicate_similarity": 0.9},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_rules_that_need_a_scorer_are_known_and_refuse_images_without_one(settings):
    key = next(iter(settings))
    assert list(FilterSettings(**LENIENT | settings).needing_scorer()) == [key]
    with pytest.raises(UserError, match=rf"filter\.{key}: 2 of 2 readable synthetic images"):
        judged(unscored_table(2), **settings)


def test_verdict_is_the_first_rules_or_that_all_are_passed():
    table = scores_table(3, score=[0.9, 0.8, 0.1], contrast=[0.2, 0.2, 0.0])
    images = Images.readable(table)
    columns = judged(table, blank_contrast=0.01, threshold=0.85)
    assert verdicts(columns, images, None).to_pylist() == [
        "passes blank, threshold",
        "score 0.8, below 0.85",
        "contrast 0, below 0.01",
    ]
    assert passes(columns, 3).tolist() == [True, False, False]


def test_verdict_says_what_is_only_reported_and_that_nothing_was_scored():
    images = Images.readable(unscored_table(2))
    leaks = scores_table(2)["reason"].combine_chunks().fill_null("near t")
    assert verdicts({}, images, None).to_pylist() == ["no rule is on; no scorer configured"] * 2
    told = verdicts({}, images, leaks).to_pylist()
    assert told == ["no rule is on; no scorer configured, but is near t"] * 2
    scored = Images.readable(scores_table(2))
    some = scores_table(2)["reason"].combine_chunks()
    assert verdicts({}, scored, some).to_pylist() == ["no rule is on"] * 2
