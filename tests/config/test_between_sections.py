"""Settings that contradict those of another section."""

import pytest

from sau.config import load
from sau.core.errors import UserError


@pytest.mark.parametrize(
    ("path", "value", "off"),
    [
        ("filter.keep_fraction", 0.5, "1"),
        ("filter.quota", 100, "null"),
        ("filter.threshold", 0.2, "null"),
        ("filter.zero_shot", True, "false"),
        ("filter.margin", 0.01, "null"),
        ("filter.duplicate_similarity", 0.95, "null"),
        ("complement.order", "best", "random"),
        ("training.runs.sau.options.weighting", "score", "uniform"),
    ],
)
def test_setting_that_needs_scores_is_refused_without_a_scorer(default, path, value, off):
    default["scores"] = {"scorer": "none"}
    default["filter"] = {"keep_fraction": 1, "duplicate_hash_distance": 2, "leak": "drop"}
    load(default)
    *parents, key = path.split(".")
    section = default
    for parent in parents:
        section = section.setdefault(parent, {})
    section[key] = value
    with pytest.raises(UserError) as error:
        load(default)
    assert f"config: {path}: needs scores, but scores.scorer is none" in str(error.value)
    assert f"set it to {off}, or choose" in str(error.value)


@pytest.mark.parametrize("rule", ["agreement", "loss", "entropy"])
def test_rule_that_goes_by_classifiers_needs_some(default, rule):
    default["filter"][rule] = 0.5
    with pytest.raises(UserError, match=f"filter.{rule}: 0.5, but scores.classifiers names no"):
        load(default)
    default["scores"]["classifiers"] = ["model"]
    load(default)


def test_leak_check_that_compares_nothing_is_refused(default):
    default["filter"] |= {"leak_similarity": None, "leak_hash_distance": None}
    with pytest.raises(UserError, match="filter.leak: drop, but leak_similarity and"):
        load(default)


def test_leak_check_by_embedding_alone_is_refused_without_a_scorer(default):
    default["scores"] = {"scorer": "none"}
    default["filter"] = {"keep_fraction": 1, "leak_hash_distance": None}
    with pytest.raises(UserError, match="filter.leak: needs scores, but scores.scorer is none"):
        load(default)
    default["filter"]["leak"] = "off"
    load(default)


def test_rule_of_influence_needs_another_runs_and_a_share(default):
    default["filter"]["helpful_fraction"] = 0.5
    with pytest.raises(UserError, match="0.5, but filter.influence is empty; name"):
        load(default)
    default["filter"]["influence"] = "other/influence/influence.parquet"
    load(default)
    default["filter"]["helpful_fraction"] = 1.0
    load(default)  # off, as what others of a sweep are compared with
    default["filter"]["helpful_fraction"] = 0.5
    default["rounds"] = {"over_generation": 1.5}
    with pytest.raises(UserError, match="filter.influence: other.* rounds.over_generation is 1.5"):
        load(default)
    del default["rounds"]
    own = f"{default['experiment']['results']}/influence/influence.parquet"
    default["filter"]["influence"] = own
    with pytest.raises(UserError, match="filter.influence: .* is of this run itself"):
        load(default)
    default["filter"]["influence"] = f"nowhere/../{own}"
    with pytest.raises(UserError, match="filter.influence: .* is of this run itself"):
        load(default)


def test_influence_needs_a_row_that_runs_and_validation_images(default):
    default["influence"] = {"row": "ce"}
    with pytest.raises(UserError, match="influence.row: 'ce', but subset.validation_fraction is 0"):
        load(default)
    default["subset"]["validation_fraction"] = 0.2
    load(default)
    default["influence"]["row"] = "cee"
    with pytest.raises(UserError, match="influence.row: 'cee': unknown row; did you mean 'ce'"):
        load(default)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            {"source": "imported", "folder": "f"},
            "personalise.method: lora, but images.source is imported",
        ),
        ({"compile": "default"}, "images.compile: default, but with personalise.method lora"),
        ({"lora": "made"}, "images.lora: made, but personalise.method lora learns that"),
        (
            {"per_class": {"cat": {"compile": "default"}}},
            "images.per_class.cat.compile: default, but with personalise.method lora",
        ),
        (
            {"per_class": {"cat": {"lora": "", "lora_scale": 0.5}}},
            "images.per_class.cat.lora_scale: 0.5 has no effect without LoRA weights",
        ),
        ({"source": "none"}, "personalise.method: 'lora' has no effect with images.source none"),
    ],
)
def test_what_is_learned_must_be_drawn_with(images, message):
    values = of_diffusers(**images)
    if images.get("source", "diffusers") != "diffusers":
        values["images"] = images
    with pytest.raises(UserError, match=message):
        load({**values, "personalise": {"method": "lora"}})


def of_diffusers(**images):
    runs = {"ce": {"method": "cross_entropy", "data": "real"}}
    values = {"experiment": {}, "dataset": {"source": "digits"}, "training": {"runs": runs}}
    return values | {"images": {"source": "diffusers", "model": "m", **images}}


def test_factor_of_lora_weights_counts_where_they_are_learned():
    values = of_diffusers(lora_scale=0.5)
    load({**values, "personalise": {"method": "lora"}})
    for method in ("none", "textual-inversion"):
        with pytest.raises(UserError, match="images.lora_scale: 0.5 has no effect without LoRA"):
            load({**values, "personalise": {"method": method}})


@pytest.mark.parametrize("own", [{"lora": ""}, {"embedding": "e"}, {"model": "other"}])
def test_class_that_is_left_alone_may_be_compiled(own):
    values = of_diffusers(per_class={"cat": {"compile": "default", **own}})
    load({**values, "personalise": {"method": "lora"}})
