import copy
import typing

import jsonschema
import pytest
import yaml

from sau.config import json_schema, load
from sau.config.config import SECTIONS
from sau.core.errors import UserError
from sau.run.files import example_configs
from sau.settings.section import conditions_of
from tests.paths import ROOT

CONFIGS = [ROOT / name for name in example_configs(ROOT)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configs_are_valid(path):
    config = load(yaml.safe_load(path.read_text()))
    assert config.training.runs


def test_sections_are_strict():
    schema = json_schema()
    for name, section in schema["properties"].items():
        assert section["additionalProperties"] is False, name


def test_committed_schema_is_the_one_of_the_sections():
    path = ROOT / "workflow" / "schemas" / "config.schema.yaml"
    assert yaml.safe_load(path.read_text()) == json_schema(), "run `make schema`"


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_switch_of_a_key_is_a_choice_of_its_section(section):
    for conditions in conditions_of(section).values():
        for key, values in conditions.items():
            assert set(values) < set(typing.get_args(section.model_fields[key].annotation))


@pytest.mark.parametrize(
    ("section", "values", "is_valid"),
    [
        ("images", {"source": "imported", "folder": "there"}, True),
        ("images", {"source": "imported", "folder": "there", "device": "cpu"}, True),
        ("images", {"source": "imported", "folder": "there", "device": "cuda"}, False),
        ("images", {"folder": "there"}, False),
        ("images", {"source": "imported", "layout": "parquet", "folder": "there"}, False),
        ("dataset", {"folder": "there"}, False),
        ("dataset", {"source": "cifar10", "folder": "there"}, True),
        ("training", {"runs": {"a": {"method": "sau", "options": {"neighbours": 3}}}}, True),
        ("training", {"runs": {"a": {"method": "sau", "options": {"neighbors": 3}}}}, False),
        ("training", {"runs": {"a": {"method": "sure", "options": {"neighbours": 3}}}}, False),
        (
            "training",
            {"runs": {"a": {"method": "sau", "options_by_factor": {"10": {"vote": "none"}}}}},
            False,
        ),
    ],
)
def test_schema_by_itself_knows_what_one_key_says_of_others(default, section, values, is_valid):
    """For editors that read it; `load` says the same in words of its own."""
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(default)
    assert validator.is_valid(default | {section: values}) == is_valid


def test_schema_describes_every_key():
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
        ("training.runs.sau.options", {"temperature": 0}, "temperature: 0 must be above 0"),
        ("training.runs.SAU", {}, "training.runs"),
        ("training.runs", {}, "training.runs: empty"),
        ("training.runs.sau.method", "sua", "'sua' is not one of ['balanced_softmax', 'bcl', "),
        ("training.epochs", "many", "'many' is not of type 'integer'"),
        ("experiment.imbalance_factors", [0.5], "0.5 is less than the minimum of 1"),
        ("experiment.imbalance_factors", ["x"], "'x' must be a number of at least 1 or as-is"),
        ("experiment.imbalance_factors", [], "experiment.imbalance_factors: empty"),
        ("experiment.seeds", [1, 1], "names a value twice"),
        ("experiment.imbalance_factors", [float("inf")], "greater than the maximum"),
        ("experiment.imbalance_factors", [100, "100"], "names a value twice"),
        ("experiment.data_seeds", [2**32], "greater than the maximum"),
        ("experiment.results", "", "must be a folder's name"),
        ("experiment.results", "a {b}", "must be a folder's name"),
        ("experiment.5", 3, "unknown key"),
        ("training.options", {"temperature": 1}, "set them in the rows"),
        ("images.steps", "fsat27", "images.steps: respacing 'fsat27'"),
        ("images.steps", "2000", "images.steps: cannot take 2000"),
        ("scores.template", "{name", "scores.template: '{name' does not parse"),
        ("prompts.templates", ["{name!z}"], "no other placeholder"),
        ("prompts.templates", ["{name} {}"], "no other placeholder"),
        ("prompts.templates", ["{name:>d}"], "no other placeholder"),
        ("dataset.source", "cifar", "'cifar' is not one of"),
        ("dataset.source", "cifar10", "dataset.folder: empty"),
        ("dataset.test_file", "t.txt", "with dataset.source digits, only with imagenet-lt or"),
        ("dataset.folder", "data", "dataset.folder: 'data' has no effect with dataset.source"),
        ("dataset.download", True, "with dataset.source digits, only with cifar10 or cifar100"),
        ("prompts.max_cost", 20, "max_cost: 20.0 has no effect with prompts.source template, only"),
        ("prompts.batch", True, "prompts.batch: True has no effect with prompts.source template"),
        ("images.layout", "cifake", "'cifake' has no effect with images.source glide, only with"),
        ("images.images_per_class", 100, "100 has no effect with images.source glide, only with"),
        ("prompts.templates", ["a {nam}"], "must have {name}"),
        ("prompts.templates", ["a {name"], "does not parse"),
        ("images.shards", 0, "0 is less than the minimum of 1"),
        ("scores.scorer", "none", "nothing can be ranked"),
        ("filter.leak_hash_distance", 17, "17 is greater than the maximum of 16"),
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


def test_value_off_needs_no_quotes(default):
    """YAML 1.1 reads the bare word as false."""
    default["filter"]["leak"] = False
    default["training"]["compile"] = False
    default["images"]["per_class"] = {"zero": {"compile": False}}
    config = load(default)
    assert config.filter.leak == "off"
    assert config.training.runs["sau"].compile == "off"
    assert config.images.for_class("zero").compile == "off"


def test_missing_section_is_named(default):
    del default["dataset"]
    with pytest.raises(UserError, match="'dataset' is a required property"):
        load(default)


def test_keys_must_be_text(default):
    default["experiment"][5] = 3
    with pytest.raises(UserError, match="experiment.5: a key must be text"):
        load(default)


def test_text_from_the_command_line_becomes_what_the_schema_expects(default):
    default["experiment"] = {"imbalance_factors": ["33.3333333", "100", "as-is"], "seeds": ["4"]}
    default["training"] |= {"horizontal_flip": "true", "learning_rate": "1e-2"}
    default["dataset"]["image_size"] = "null"
    default["images"]["steps"] = "20"
    default["filter"] |= {"leak_similarity": "null", "leak_hash_distance": "3", "margin": "1e-2"}
    config = load(default)
    assert config.experiment.factor_names() == ["33.3333333", "100", "as-is"]
    assert config.experiment.seeds == [4]
    assert config.training.runs["sau"].horizontal_flip is True
    assert config.training.runs["sau"].learning_rate == 0.01
    assert config.dataset.image_size is None
    assert config.images.steps == "20"
    assert config.filter.leak_similarity is None
    assert (config.filter.leak_hash_distance, config.filter.margin) == (3, 0.01)


def test_steps_are_the_same_with_quotes_or_without(default):
    default["images"] |= {"steps": 25, "per_class": {"zero": {"steps": 30}}}
    images = load(default).images
    assert (images.steps, images.for_class("zero").steps) == ("25", "30")


def test_options_may_be_text_too(default):
    default["training"]["runs"]["sau"]["options"] = {"neighbours": "3", "temperature": "0.2"}
    assert load(default).training.runs["sau"].options == {"neighbours": 3, "temperature": 0.2}


def test_factors_keep_all_their_digits(default):
    default["experiment"]["imbalance_factors"] = [33.3333333, 33.3333334]
    assert len(set(load(default).experiment.factor_names())) == 2


def test_rows_own_settings_stand_on_top_of_the_sections(default):
    default["training"]["runs"]["sau"]["epochs"] = 7
    runs = load(default).training.runs
    assert (runs["sau"].epochs, runs["ce"].epochs) == (7, default["training"]["epochs"])


IMPORTED = {"source": "imported", "folder": "there"}


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("images", IMPORTED | {"device": "cuda"}, "images.device: 'cuda' has no effect with"),
        ("images", IMPORTED | {"model": "models/glide"}, "with images.source imported, only with"),
        ("images", IMPORTED | {"sampler": "ddim"}, "with images.source imported, only with glide;"),
        ("images", IMPORTED | {"file": "x"}, "with images.layout class-folder, only with parquet"),
        (
            "images",
            IMPORTED | {"layout": "parquet", "file": "x"},
            "images.folder: 'there' has no effect with images.layout parquet, only with class-fold",
        ),
        (
            "dataset",
            {"source": "cifar10", "folder": "data", "test_per_class": 20},
            "dataset.test_per_class: 20 has no effect with dataset.source cifar10, only with digit",
        ),
    ],
)
def test_setting_that_the_source_does_not_look_at_is_refused(default, section, values, message):
    default[section] = values
    with pytest.raises(UserError) as error:
        load(default)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_language_model_for_one_class_has_settings(default):
    default["prompts"] |= {"model": "gpt-5", "classes": {"zero": {"source": "llm"}}}
    assert load(default).prompts.model == "gpt-5"


def test_key_in_place_of_its_variable_is_not_repeated(default):
    default["prompts"]["api_key_variable"] = "sk-proj-0123"
    with pytest.raises(UserError) as error:
        load(default)
    assert "sk-proj" not in str(error.value)


@pytest.mark.parametrize(("value", "word"), [(True, "yes"), ("yes", "yes"), (False, "no")])
def test_bare_words_for_pretrained_are_words(default, value, word):
    """YAML 1.1 takes them for switches, and `--config` hands over text."""
    row = default["training"]["runs"]["ce"]
    row |= {"backbone": "timm/test_vit", "pretrained": value}
    default["training"].pop("width", None)
    assert load(default).training.runs["ce"].pretrained == word
