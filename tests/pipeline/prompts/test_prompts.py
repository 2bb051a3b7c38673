import hashlib

import pytest
import yaml

from sau.core.errors import UserError
from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.prompts.stage import prompts
from sau.settings.flags import to_flags
from sau.storage import manifest
from sau.templates.templates import choose, fill
from tests.paths import ROOT


@pytest.fixture
def train_images(real_images):
    return real_images("aquarium_fish", "bee", "owl")


def test_names_are_cleaned_and_have_their_article():
    assert fill("A photo of {article} {name}.", "aquarium_fish") == "A photo of an aquarium fish."
    assert fill("{name}", " bee ") == "bee"
    assert fill("A photo of {article} {name}.", "the_owl") == "A photo of an owl."
    assert fill("{name}", "A") == "A"


def test_article_of_ones_own_may_be_several_words_or_none():
    assert (
        fill("A photo of {article} {name}.", "jeans", "a pair of") == "A photo of a pair of jeans."
    )
    assert fill("A photo of {article} {name}.", "corn", "") == "A photo of corn."


def test_classes_get_their_prompts(train_images, tmp_path):
    output = tmp_path / "prompts.parquet"
    settings = PromptsSettings(per_class=3, templates=["one {name}", "two {name}"])
    prompts(train_images, output, settings=settings)
    table = manifest.read(output, "prompts").to_pandas()
    assert table["prompt"].tolist()[:3] == [
        "one aquarium fish",
        "two aquarium fish",
        "one aquarium fish",
    ]
    assert table["label"].value_counts().to_dict() == {0: 3, 1: 3, 2: 3}
    assert table["id"].iloc[4] == "bee/000001"
    assert set(table["source"]) == {"template"}
    assert table["reason"].isna().all()


def test_default_experiment_keeps_its_prompts(real_images, tmp_path):
    """The digits' synthetic images are published; other prompts would be other images."""
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    config = yaml.safe_load((ROOT / "config.yaml").read_text())["prompts"]
    output = tmp_path / "prompts.parquet"
    prompts(real_images(*names), output, settings=PromptsSettings.from_mapping(config))
    texts = manifest.read(output, "prompts")["prompt"].to_pylist()
    assert len(texts) == 1600
    assert texts[160:162] == ["A photo of an one.", "The printed digit one."]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    assert digest == "14a8774d5a4ef1a4b494c3509ec9dfbd0f2c2091a84917b20b2bb0d2c98c240e"


def test_drawn_templates_follow_the_seed_and_not_the_other_classes():
    templates = [f"{i} {{name}}" for i in range(50)]
    first = choose(templates, 20, "sample", seed=1, key="cat")
    assert first == choose(templates, 20, "sample", seed=1, key="cat")
    assert first[:5] == choose(templates, 5, "sample", seed=1, key="cat")
    assert first != choose(templates, 20, "sample", seed=2, key="cat")
    assert first != choose(templates, 20, "sample", seed=1, key="dog")


def test_templates_ask_nothing(train_images, tmp_path, capsys):
    output = tmp_path / "prompts.parquet"
    prompts(train_images, output, estimate=True, settings=PromptsSettings())
    assert "all prompts come from templates" in capsys.readouterr().out
    assert not output.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"templates": ["clip-81"]}, "must have {name}"),
        ({"classes": {"owl": {"synonym": ["x"]}}}, "did you mean 'synonyms'"),
        ({"classes": {"owl": "barn owl"}}, "must be a mapping"),
        ({"classes": {"owl": {"templates": ["no"]}}}, "must have {name}"),
        ({"classes": {"owl": {"synonyms": [" "]}}}, "an empty one"),
        ({"classes": {"owl": {"source": "lmm"}}}, "did you mean 'llm'"),
        ({"api": "azure"}, "azure needs prompts.api_version"),
        ({"api": "azure", "api_version": "1", "batch": True}, "only with prompts.api openai"),
        ({"api_version": "1"}, "only azure has one"),
        ({"base_url": "localhost:8000"}, "must be an address"),
        ({"base_url": "http://[1"}, "give an address"),
        ({"query": "What is it?"}, "prompts.query"),
        ({"parameters": {"n": 3}}, "prompts.parameters.n"),
        ({"prices": {"m": {"input": 1}}}, "prompts.prices.m"),
        ({"prices": {"m": {"input": 1, "output": True}}}, "prompts.prices.m"),
    ],
)
def test_bad_settings_are_refused_with_their_key(settings, message):
    with pytest.raises(UserError) as raised:
        PromptsSettings(**settings)
    assert message in str(raised.value)
    assert "prompts." in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://user:sk-SECRET@localhost/v1"},
        {"base_url": "http://localhost/v1?key=sk-SECRET"},
        {"api_key_variable": "sk-SECRET"},
    ],
)
def test_key_in_the_wrong_place_is_refused_and_not_repeated(settings):
    with pytest.raises(UserError) as raised:
        PromptsSettings(**settings)
    assert "SECRET" not in str(raised.value)


PASTED = "a3f2c9d1e0b7458899aabbccddeeff00"
"""A key that could be the name of an environment variable."""


@pytest.mark.parametrize(
    "settings", [{"source": "template"}, {"source": "llm", "api": "azure"}, {"api_version": "1"}]
)
def test_key_in_place_of_its_variables_name_is_not_repeated(settings):
    with pytest.raises(UserError) as raised:
        PromptsSettings(api_key_variable=PASTED, **settings).check_idle()
    assert PASTED not in str(raised.value)


def test_key_of_digits_in_place_of_its_variables_name_is_not_repeated():
    with pytest.raises(UserError) as raised:
        PromptsSettings(source="llm", api_key_variable=123456789)
    assert "prompts.api_key_variable: the value (not repeated" in str(raised.value)
    assert "123456789" not in str(raised.value)


def test_flags_for_the_log_have_no_name_that_is_not_set(monkeypatch):
    settings = PromptsSettings(source="llm", api_key_variable=PASTED)
    assert PASTED not in to_flags(settings.fit_for_logs())
    monkeypatch.setenv("MY_KEY", "x")
    for name in ("", "OPENAI_API_KEY", "MY_KEY"):
        settings = PromptsSettings(source="llm", api_key_variable=name)
        assert settings.fit_for_logs() == settings
