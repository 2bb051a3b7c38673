"""Without a source of synthetic images: what then is refused, and what is not needed."""

from typing import Any

import pytest

from sau.config import load
from sau.core.errors import UserError

REAL = {"ce": {"method": "cross_entropy", "data": "real"}}
SECOND = {"method": "cross_entropy", "data": "balanced", "epochs": 2, "learning_rate": 0.01}


def config(runs: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """Return a configuration of three sections, and of what else is given."""
    shared = {"experiment": {}, "dataset": {"source": "digits"}, "training": {"runs": runs}}
    return shared | sections


def test_source_is_none_unless_one_is_named() -> None:
    assert load(config(REAL)).images.source == "none"


@pytest.mark.parametrize(
    "row", [{}, {"method": "cross_entropy"}, {**REAL["ce"], "second_stage": SECOND}]
)
def test_row_on_the_balanced_set_needs_a_source(row: dict[str, Any]) -> None:
    runs = {**REAL, "mine": row}
    with pytest.raises(UserError) as error:
        load(config(runs))
    assert str(error.value).startswith(
        "config: training.runs.mine: trains on the balanced set, but "
    )
    assert "set images.source to glide, diffusers or imported" in str(error.value)
    load(config(runs, experiment={"rows": ["ce"]}))
    load(config(runs, images={"source": "glide"}))


@pytest.mark.parametrize(
    ("section", "values", "key"),
    [
        ("images", {"model": "tiny-glide", "steps": "10"}, "images.steps: '10'"),
        ("images", {"shards": 2}, "images.shards: 2"),
        ("images", {"image_size": 16}, "images.image_size: 16"),
        ("prompts", {"per_class": 3}, "prompts.per_class: 3"),
        ("rounds", {"over_generation": 1.5}, "rounds.over_generation: 1.5"),
        ("scores", {"scorer": "none"}, "scores.scorer: 'none'"),
        ("filter", {"keep_fraction": 0.5}, "filter.keep_fraction: 0.5"),
        ("complement", {"on_shortage": "underfill"}, "complement.on_shortage: 'underfill'"),
    ],
)
def test_settings_of_synthetic_images_have_no_effect_without_them(
    section: str, values: dict[str, Any], key: str
) -> None:
    with pytest.raises(UserError) as error:
        load(config(REAL, **{section: values}))
    assert f"{key} has no effect with images.source none, only with glide" in str(error.value)


def test_sections_of_real_images_stay() -> None:
    load(config(REAL, gallery={"images_per_class": 5}, report={"sheet_images": 2}, subset={}))
