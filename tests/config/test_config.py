import copy
from pathlib import Path

import pytest
import yaml

from sau.config import json_schema, load
from sau.errors import UserError

ROOT = Path(__file__).parents[2]
CONFIGS = sorted([ROOT / "config.yaml", *(ROOT / "configs").rglob("*.yaml")])


@pytest.fixture
def default():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configs_are_valid(path):
    config = load(yaml.safe_load(path.read_text()))
    assert config.training.runs


def test_no_config_hides_a_default_behind_a_stale_key():
    """A key of the shipped default exists in its section, or validation is not strict."""
    schema = json_schema()
    for name, section in schema["properties"].items():
        assert section["additionalProperties"] is False, name


def test_committed_schema_is_the_one_of_the_sections():
    path = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    assert yaml.safe_load(path.read_text()) == json_schema(), "run `make schema`"


def test_every_key_of_the_schema_is_described():
    for name, section in json_schema()["properties"].items():
        assert section["description"], name
        for key, value in section["properties"].items():
            assert value["description"], f"{name}.{key}"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("traning", {}, "config: traning: unknown key; did you mean 'training'?"),
        ("training.epohcs", 3, "training.epohcs: unknown key; did you mean 'epochs'?"),
        (
            "training.runs.sau.epocs",
            3,
            "training.runs.sau.epocs: unknown key; did you mean 'epochs'?",
        ),
        ("training.runs.sau.options", {"temprature": 1}, "did you mean 'temperature'?"),
        ("training.runs.sau.options", {"temperature": 0}, "temperature: 0.0 must be above 0"),
        ("training.runs.SAU", {}, "training.runs"),
        ("training.runs", {}, "training.runs: empty"),
        ("training.runs.sau.method", "sua", "'sua' is not one of ['cross_entropy', 'sau']"),
        ("training.epochs", "many", "'many' is not of type 'integer'"),
        ("experiment.imbalance_factors", [0.5], "0.5 is less than the minimum of 1"),
        ("experiment.imbalance_factors", ["x"], "'x' must be a number of at least 1 or as-is"),
        ("experiment.imbalance_factors", [], "experiment.imbalance_factors: empty"),
        ("experiment.seeds", [1, 1], "names a value twice"),
        ("dataset.source", "cifar", "'cifar' is not one of"),
        ("dataset.source", "cifar10", "dataset.folder: empty"),
        ("prompts.templates", ["a {nam}"], "must have {name}"),
        ("prompts.templates", ["a {name"], "does not parse"),
        ("images.shards", 0, "0 is less than the minimum of 1"),
        ("scores.scorer", "none", "nothing can be ranked"),
        ("filter.keep_fraction", 0, "0 is less than or equal to the minimum of 0"),
        ("evaluation.few_at_most", 500, "medium-shot lies between them"),
    ],
)
def test_bad_values_are_refused_in_one_line(default, path, value, message):
    config = copy.deepcopy(default)
    *parents, key = path.split(".")
    section = config
    for parent in parents:
        section = section[parent]
    section[key] = value
    with pytest.raises(UserError) as error:
        load(config)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_section_is_named(default):
    del default["dataset"]
    with pytest.raises(UserError, match="'dataset' is a required property"):
        load(default)


def test_a_rows_own_settings_stand_on_top_of_the_sections(default):
    default["training"]["runs"]["sau"]["epochs"] = 7
    runs = load(default).training.runs
    assert (runs["sau"].epochs, runs["ce"].epochs) == (7, default["training"]["epochs"])
