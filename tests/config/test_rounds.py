"""What the configuration says of rounds of generation."""

from typing import Any

import pytest
import yaml

from sau.config import ExperimentSettings, load
from sau.core.errors import UserError
from tests.paths import ROOT

CONFIG = ROOT / "config.yaml"


@pytest.mark.parametrize(
    ("factors", "largest"),
    [
        ([10, 100, 50], ["100"]),
        ([9, 10.5], ["10.5"]),
        (["as-is"], ["as-is"]),
        (["as-is", 20, 3], ["20", "as-is"]),
    ],
)
def test_longest_tails_are_those_of_the_largest_factor(
    factors: list[Any], largest: list[str]
) -> None:
    assert ExperimentSettings(imbalance_factors=factors).largest_factors() == largest


def test_rounds_are_off_unless_they_are_asked_for() -> None:
    config = load(yaml.safe_load(CONFIG.read_text()))
    assert (config.rounds.over_generation, config.rounds.most) == (None, 1)


def test_round_has_its_own_shards() -> None:
    values = yaml.safe_load(CONFIG.read_text())
    values["images"]["shards"] = 3
    values["rounds"] = {"over_generation": 1.5, "most": 4}
    assert load(values).image_shards() == 12


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({"source": "imported", "folder": "there"}, "images.folder: there are imported"),
        ({"import_first": "there"}, "images.import_first: there are imported"),
        (
            {"per_class": {"one": {"source": "imported", "folder": "there"}}},
            "images.per_class.one.folder: there are imported",
        ),
    ],
)
def test_imported_images_have_no_rounds_alone_or_beside_drawn_ones(
    images: dict[str, Any], message: str
) -> None:
    values = yaml.safe_load(CONFIG.read_text())
    is_alone = images.get("source") == "imported"
    values["images"] = images if is_alone else values["images"] | images
    values["rounds"] = {"over_generation": 1.5}
    with pytest.raises(UserError, match=f"rounds.over_generation: 1.5, but {message}"):
        load(values)
    load(values | {"rounds": {}})
