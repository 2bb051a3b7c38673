"""The card of the folder that is published: generators, licences, limits."""

import json

import pytest
import yaml

from sau.core.errors import UserError
from sau.tools.publish_images import publish_images
from tests.tools.publish_images.conftest import GLIDE, NAMES, ONE_GENERATOR, WEIGHTS, Results, load


def test_card_says_figures_licences_and_limits(results, tmp_path):
    settings = {"licence": "CC-BY-4.0", "title": "Ants", "generator_licence": ["mit"]}
    publish_images(results.folder, output=tmp_path / "set", **settings)
    text = (tmp_path / "set/README.md").read_text()
    _, front, body = text.split("---\n", 2)
    facts = yaml.safe_load(front)
    assert (facts["license"], facts["pretty_name"]) == ("cc-by-4.0", "Ants")
    assert facts["size_categories"] == ["n<1K"]
    (split,) = facts["dataset_info"]["splits"]
    assert split["num_examples"] == 8
    stored = sum(file.stat().st_size for file in (tmp_path / "set/data").iterdir())
    assert facts["dataset_info"]["download_size"] == stored
    assert "| 0 | ant | 5 | 0 | 4 | 1 | 0.400 |" in body
    assert f"| tiny-glide | ant, New York | mit | `{WEIGHTS[:16]}` | steps 3," in body
    assert "keep\\_fraction 0.8" in body or "keep_fraction 0.8" in body
    assert "## Limits" in body


def test_models_of_a_folder_are_called_without_the_way_there(tmp_path):
    own = {"lora": "/home/xyzzy/style.safetensors", "embedding": "/home/xyzzy/ant.safetensors"}
    for settings in (GLIDE, {"source": "diffusers"} | own):
        made = Results(tmp_path / "r", settings | {"model": "/home/xyzzy/secret/my-model"})
        publish_images(made.folder, output=tmp_path / "set", replace=True)
        for file in ("README.md", "provenance.json"):
            text = (tmp_path / "set" / file).read_text()
            assert "my-model" in text
            assert "xyzzy" not in text
            assert ("style.safetensors" in text) == ("lora" in settings)
            assert ("lora_scale" in text) == ("lora" in settings)
        row = load(tmp_path / "set", tmp_path)["train"][0]
        assert (row["generator"], row["generator_licence"]) == ("my-model", None)


def test_imported_images_have_a_licence_of_their_own(tmp_path):
    settings = {"source": "imported", "layout": "class-folder", "folder": "x"}
    made = Results(tmp_path / "r", settings, generators=[], imported=NAMES)
    publish_images(made.folder, output=tmp_path / "set", generator_licence=["imported=cc0-1.0"])
    row = load(tmp_path / "set", tmp_path)["train"][0]
    assert (row["generator"], row["generator_licence"]) == ("imported", "cc0-1.0")
    text = (tmp_path / "set/README.md").read_text()
    assert "8 images were imported" in text
    assert "- Imported images: cc0-1.0." in text


def test_licence_of_generators_is_not_claimed_for_imported_images(tmp_path):
    own = {"New York": {"source": "imported", "folder": "x"}}
    drawn = [ONE_GENERATOR[0] | {"classes": ["ant"]}]
    made = Results(
        tmp_path / "r", GLIDE | {"per_class": own}, generators=drawn, imported=["New York"]
    )
    publish_images(made.folder, output=tmp_path / "set", generator_licence=["mit"])
    rows = load(tmp_path / "set", tmp_path)["train"]
    assert set(zip(rows["label"], rows["generator_licence"], strict=True)) == {
        (0, "mit"),
        (1, None),
    }
    assert "- Imported images: not recorded." in (tmp_path / "set/README.md").read_text()
    both = ["mit", "imported=cc0-1.0"]
    publish_images(made.folder, output=tmp_path / "both", generator_licence=both)
    rows = load(tmp_path / "both", tmp_path)["train"]
    assert rows[-1]["generator_licence"] == "cc0-1.0"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["xyz=mit"], "no images of 'xyz'; known are tiny-glide"),
        (["mit", "cc0"], "mit and cc0; name the generators, as in tiny-glide=mit"),
        (["imported=mit"], "no images of 'imported'; known are tiny-glide"),
        (["tiny-glide=mit", "tiny-glide=cc0"], "tiny-glide comes twice, mit and cc0; say it once"),
    ],
)
def test_licences_that_would_say_nothing_are_refused(results, tmp_path, given, message):
    with pytest.raises(UserError, match=message):
        publish_images(results.folder, output=tmp_path / "x", generator_licence=given)
    assert not (tmp_path / "x").exists()


def test_licence_without_a_name_where_nothing_was_drawn(tmp_path):
    settings = {"source": "imported", "layout": "class-folder", "folder": "x"}
    made = Results(tmp_path / "r", settings, generators=[], imported=NAMES)
    with pytest.raises(UserError, match="mit, but no generator drew these images; expected impor"):
        publish_images(made.folder, output=tmp_path / "x", generator_licence=["mit"])


def drawn_by_two(folder, first, second, **of_second):
    """Two classes drawn with different settings or models."""
    other = GLIDE | {"model": second} | of_second
    own = {"New York": {key: value for key, value in other.items() if key != "steps"}}
    weights = [WEIGHTS, WEIGHTS if first == second else WEIGHTS[::-1]]
    drawn = [
        {"classes": [name], "weights_sha256": digest, "drawn_as": "x"}
        for name, digest in zip(NAMES, weights, strict=True)
    ]
    return Results(folder, GLIDE | {"model": first, "per_class": own}, generators=drawn)


def test_two_models_of_one_name_are_told_apart(tmp_path):
    made = drawn_by_two(tmp_path / "r", "/a/model", "/b/model")
    names = [f"model {WEIGHTS[:8]}", f"model {WEIGHTS[::-1][:8]}"]
    given = [f"{names[0]}=mit", f"{names[1]}=cc0-1.0"]
    publish_images(made.folder, output=tmp_path / "set", generator_licence=given)
    rows = load(tmp_path / "set", tmp_path)["train"]
    columns = zip(rows["label"], rows["generator"], rows["generator_licence"], strict=True)
    assert set(columns) == {(0, names[0], "mit"), (1, names[1], "cc0-1.0")}
    text = (tmp_path / "set/README.md").read_text()
    assert f"| {names[0]} | ant | mit |" in text
    assert f"| {names[1]} | New York | cc0-1.0 |" in text


def test_one_model_with_two_settings_has_a_row_for_each(tmp_path):
    made = drawn_by_two(tmp_path / "r", "tiny-glide", "tiny-glide", guidance_scale=7.0)
    publish_images(made.folder, output=tmp_path / "set")
    lines = (tmp_path / "set/README.md").read_text().splitlines()
    shown = [line for line in lines if line.startswith("| tiny-glide")]
    assert [("ant" in line, "guidance_scale 7.0" in line) for line in shown] == [
        (True, False),
        (False, True),
    ]


def test_generator_that_learned_each_class_is_one_and_says_from_what(tmp_path):
    drawn = [
        {"classes": [name], "weights_sha256": WEIGHTS, "drawn_as": name, "personalised": True}
        | {"lora_sha256": digit * 64}
        for name, digit in zip(NAMES, "ab", strict=True)
    ]
    learned = {"method": "lora", "template": "a {name}", "rank": 4, "vectors": 1, "device": "cpu"}
    settings = {"source": "diffusers", "model": "m"}
    made = Results(tmp_path / "r", settings, generators=drawn, personalise=learned)
    publish_images(made.folder, output=tmp_path / "set")
    text = (tmp_path / "set/README.md").read_text()
    (row,) = (line for line in text.splitlines() if line.startswith("| m |"))
    assert "ant, New York" in row
    assert "personalise.method lora, personalise.rank 4, personalise.template a {name} |" in row
    assert "Some of these pictures come of real training images" in text
    (one,) = json.loads((tmp_path / "set/provenance.json").read_text())["generators"]
    assert one["settings"]["personalise.method"] == "lora"
    assert "lora" not in one["settings"]
    assert one["settings"]["lora_scale"] == 1
    assert (one["saw_real"], one["may_have_seen"]) == (True, [])


@pytest.mark.parametrize("key", ["lora", "embedding"])
def test_files_that_may_have_been_learned_from_real_images_say_so(tmp_path, key):
    settings = {"source": "diffusers", "model": "m", key: "/x/files"}
    own = {"New York": {key: ""}}
    certain, possible = "come of real training images", "Nothing says what these were learned from"
    for learned, said in (([], possible), ([key], certain)):
        drawn = [
            ONE_GENERATOR[0] | {"classes": ["ant"], f"{key}_sha256": "a" * 64},
            ONE_GENERATOR[0] | {"classes": ["New York"]},
        ]
        drawn[0] |= {"learned_files": learned} if learned else {}
        made = Results(tmp_path / "r", settings | {"per_class": own}, generators=drawn)
        publish_images(made.folder, output=tmp_path / "set", replace=True)
        text = (tmp_path / "set/README.md").read_text()
        assert [limit in text for limit in (certain, possible)] == [
            said == certain,
            said == possible,
        ]
        recorded = json.loads((tmp_path / "set/provenance.json").read_text())["generators"]
        limits = [(one["saw_real"], one["may_have_seen"]) for one in recorded]
        assert limits == [(said == certain, [key] if said == possible else []), (False, [])]


@pytest.mark.parametrize(("lora_for", "told"), [("each-class", False), ("all-classes", True)])
def test_card_names_no_setting_without_effect(tmp_path, lora_for, told):
    learned = {"method": "lora", "lora_for": lora_for, "sampling": "instance-balanced"}
    one = ONE_GENERATOR[0] | {"personalised": True, "lora_sha256": "a" * 64}
    made = Results(tmp_path / "r", GLIDE, generators=[one], personalise=learned)
    publish_images(made.folder, output=tmp_path / "set")
    card = (tmp_path / "set/README.md").read_text()
    assert f"personalise.lora_for {lora_for}" in card
    assert ("personalise.sampling instance-balanced" in card) is told


def test_pictures_that_start_from_real_images_say_so(results, tmp_path):
    publish_images(results.folder, output=tmp_path / "noise")
    said = "Some of these pictures come of real training images"
    alone = (tmp_path / "noise/README.md").read_text()
    assert said not in alone
    assert "loaded from files" not in alone
    assert "strength" not in alone
    guided = Results(tmp_path / "r", GLIDE | {"guide": "real", "steps": "4", "strength": 0.6})
    publish_images(guided.folder, output=tmp_path / "guided")
    started = (tmp_path / "guided/README.md").read_text()
    assert said in started
    assert "strength 0.6" in started


def test_relative_folder_is_no_name_of_the_hub(tmp_path):
    for on_hub, name in (({}, "model"), ({"on_hub": True}, "mine/model")):
        settings = {"source": "diffusers", "model": "mine/model"}
        made = Results(tmp_path / name, settings, generators=[ONE_GENERATOR[0] | on_hub])
        publish_images(made.folder, output=tmp_path / "set" / name)
        row = load(tmp_path / "set" / name, tmp_path)["train"][0]
        assert row["generator"] == name


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("", {"license": "unknown"}),
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("proprietary", {"license": "other", "license_name": "proprietary"}),
    ],
)
def test_front_matter_names_licences_that_the_hub_knows(results, tmp_path, licence, said):
    publish_images(results.folder, output=tmp_path / "set", licence=licence)
    facts = yaml.safe_load((tmp_path / "set/README.md").read_text().split("---\n", 2)[1])
    assert {key: facts[key] for key in facts if key.startswith("license")} == said
