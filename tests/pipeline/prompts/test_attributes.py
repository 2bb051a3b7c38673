import json
from collections import Counter

import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.prompts.stage import prompts
from sau.storage import manifest

PLACES = ["on a beach", "in a street", "in snow"]
STYLES = ["photo", "sketch"]
GRID = {
    "templates": ["A {style} of {article} {name} {place}."],
    "attributes": {"place": PLACES, "style": STYLES},
}


def table_of(real_images, output, **values):
    prompts(real_images("bee", "owl"), output, settings=PromptsSettings(**values))
    return manifest.read(output, "prompts").to_pandas()


def test_prompts_cover_lists_evenly_and_say_what_is_in_them(real_images, tmp_path, caplog):
    caplog.set_level("INFO")
    output = tmp_path / "prompts.parquet"
    table = table_of(real_images, output, per_class=8, **GRID)
    for _, own in table.groupby("label"):
        phrases = [json.loads(text) for text in own["attributes"]]
        assert Counter(one["style"] for one in phrases) == {"photo": 4, "sketch": 4}
        assert sorted(Counter(one["place"] for one in phrases).values()) == [2, 3, 3]
    first = table.iloc[0]
    words = json.loads(first["attributes"])
    assert first["prompt"] == f"A {words['style']} of a bee {words['place']}."
    assert manifest.read_metadata(output)["provenance"]["coverage"] == {
        "place": {"used": 6, "fewest": 2, "most": 3},
        "style": {"used": 4, "fewest": 4, "most": 4},
    }
    assert "place: 6 phrases of all classes are used, each in 2 to 3" in caplog.text


def test_more_prompts_and_other_classes_change_no_earlier_prompt(real_images, tmp_path):
    few = table_of(real_images, tmp_path / "few.parquet", per_class=5, **GRID)
    many = table_of(real_images, tmp_path / "many.parquet", per_class=11, **GRID)
    same = many.set_index("id").loc[few["id"], "prompt"]
    assert same.tolist() == few["prompt"].tolist()
    other = table_of(real_images, tmp_path / "other.parquet", per_class=5, seed=1, **GRID)
    assert other["prompt"].tolist() != few["prompt"].tolist()


def test_template_that_does_not_name_an_attribute_takes_none_of_its_phrases(real_images, tmp_path):
    values = {"templates": ["A {name} {place}.", "A {name}."], "attributes": {"place": PLACES}}
    table = table_of(real_images, tmp_path / "prompts.parquet", per_class=6, **values)
    own = table[table["label"] == 0]
    assert own["attributes"].isna().tolist() == [False, True] * 3
    assert len(set(own["prompt"][::2])) == 3


def test_class_may_have_phrases_of_its_own(real_images, tmp_path):
    classes = {"owl": {"attributes": {"place": ["in a barn"]}}}
    table = table_of(
        real_images, tmp_path / "prompts.parquet", per_class=4, classes=classes, **GRID
    )
    owls = table[table["label"] == 1]["prompt"]
    assert owls.str.endswith("owl in a barn.").all()
    assert not table[table["label"] == 0]["prompt"].str.contains("barn").any()


def test_shipped_lists_are_named_in_place_of_phrases(real_images, tmp_path):
    classes = {"owl": {"attributes": {"place": ["in a barn"]}}}
    given = GRID | {"attributes": {"place": "backgrounds-20", "style": "styles-20"}}
    table = table_of(
        real_images, tmp_path / "prompts.parquet", per_class=20, classes=classes, **given
    )
    bees, owls = (table[table["label"] == label]["prompt"].tolist() for label in (0, 1))
    assert len(set(bees)) == 20
    for place, style in (("beside a lake", "film photo"), ("in fresh snow", "phone snapshot")):
        assert sum(text.endswith(f" of a bee {place}.") for text in bees) == 1
        assert sum(text.startswith(f"A {style} of ") for text in bees) == 1
    assert all(text.endswith(" of an owl in a barn.") for text in owls)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"attributes": {"light": ["at dusk"]}}, "prompts.attributes.light: no template has"),
        ({"templates": ["A {name} {light}."]}, "no other placeholder than {article}"),
        ({**GRID, "attributes": {"place": 8, "style": STYLES}}, "but source is template"),
        ({**GRID, "source": "grid"}, "there is nothing to ask for"),
        (
            {**GRID, "classes": {"owl": {"attributes": {"light": ["x"]}}}},
            "prompts.classes.owl.attributes.light: no template has",
        ),
        (
            {**GRID, "classes": {"owl": {"templates": ["A {name} {light}."]}}},
            "prompts.classes.owl.templates: 'A {name} {light}.' must have",
        ),
        (
            {**GRID, "classes": {"owl": {"source": "grid"}}},
            "prompts.classes.owl.source: grid, but",
        ),
        ({"max_words": 3}, "prompts.max_words: 3 has no effect"),
        (
            {
                "source": "grid",
                "templates": ["A {name} {place}."],
                "attributes": {"place": 8},
                "query": "{name}?",
            },
            "prompts.query: '{name}?' has no effect",
        ),
    ],
)
def test_attributes_without_effect_are_refused(values, message):
    with pytest.raises(UserError) as raised:
        PromptsSettings(**values)
    assert message in str(raised.value)
