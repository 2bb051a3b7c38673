"""Classes that are none, and tails that cannot be filled, are refused before the first job."""

from pathlib import Path
from typing import Any

import pytest

from sau.config import check_enough, load
from sau.core.errors import UserError

BALANCED = {"ce": {"method": "cross_entropy", "data": "balanced"}}


def write_folders(folder: Path, counts: dict[str, int]) -> str:
    """Write class folders of files that are called like images; none of them is read."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number}.png").write_bytes(b"")
    return str(folder)


@pytest.fixture
def values(tmp_path: Path) -> dict[str, Any]:
    """Three classes of 20, 8 and 3 training images; 10, 12 and 14 images to import."""
    real = write_folders(tmp_path / "real", {"cat": 25, "dog": 13, "lynx": 8})
    made = write_folders(tmp_path / "made", {"cat": 10, "dog": 12, "lynx": 14})
    return {
        "experiment": {"imbalance_factors": ["as-is"]},
        "dataset": {"source": "image-folder", "folder": real, "test_per_class": 5},
        "images": {"source": "imported", "folder": made},
        "scores": {"scorer": "none"},
        "filter": {"keep_fraction": 1.0, "leak": "off"},
        "training": {"runs": BALANCED},
    }


def refused(values: dict[str, Any]) -> str:
    config = load(values)
    with pytest.raises(UserError) as error:
        check_enough(config)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_imported_images_that_do_not_fill_the_tail_are_refused(values: dict[str, Any]) -> None:
    told = refused(values)
    assert told.startswith(
        "config: at imbalance factor as-is too few kept synthetic images: lynx lacks 17, has 14; "
        "import more images of these classes, or raise images.images_per_class, filter.keep_"
    )
    assert told.endswith(
        "or set complement.on_shortage to underfill, which leaves these classes smaller"
    )
    values["filter"]["keep_fraction"] = 0.5
    values["scores"] = {}
    assert "lynx lacks 17, has 7; dog lacks 12, has 6; import" in refused(values)
    values["complement"] = {"on_shortage": "underfill"}
    check_enough(load(values))


def test_imported_images_that_fill_the_tail_are_taken(values: dict[str, Any]) -> None:
    values["subset"] = {"validation_fraction": 0.2}  # 16, 6 and 2 real images are left
    check_enough(load(values))


def test_imported_class_that_is_none_is_refused(values: dict[str, Any], tmp_path: Path) -> None:
    write_folders(tmp_path / "made", {"lynks": 3})
    values["complement"] = {"on_shortage": "underfill"}
    assert "lynks" in refused(values)


def test_rows_on_real_images_ask_for_nothing(values: dict[str, Any]) -> None:
    values["training"]["runs"] = {"ce": {"method": "cross_entropy", "data": "real"}}
    check_enough(load(values))


def test_images_whose_influence_is_asked_for_are_looked_at_too(values: dict[str, Any]) -> None:
    values["training"]["runs"] = {"ce": {"method": "cross_entropy", "data": "real"}}
    values["subset"] = {"validation_fraction": 0.2}
    values["influence"] = {"row": "ce"}
    check_enough(load(generated(values, 1)))  # nothing is to be filled
    some = {"images": {"source": "glide", "per_class": {"lynks": {"guidance_scale": 2}}}}
    assert "lynks" in refused(generated(values, 1) | some)


def generated(values: dict[str, Any], per_class: int, **more: Any) -> dict[str, Any]:
    return values | {"images": {"source": "glide"}, "prompts": {"per_class": per_class}} | more


def test_too_few_prompts_are_refused_with_the_number_that_is_enough(values: dict[str, Any]) -> None:
    some = {"filter": {"keep_fraction": 0.8, "leak": "off"}, "scores": {}}
    told = refused(generated(values, 20, **some))
    assert "lynx lacks 17, has 16; raise prompts.per_class to 22, or filter.keep_fraction" in told
    check_enough(load(generated(values, 22, **some)))
    all_kept = refused(generated(values, 16, filter={"keep_fraction": 1, "leak": "off"}, scores={}))
    assert "raise prompts.per_class to 17, or set complement.on_shortage" in all_kept
    check_enough(load(generated(values, 2, **some, rounds={"over_generation": 1.2})))
    helpful = {"influence": "i.parquet", "helpful_fraction": 0.5, "leak": "off"}
    told = refused(generated(values, 30, **some | {"filter": helpful}))
    assert "lynx lacks 17, has 15; raise prompts.per_class to 34, or filter.helpful" in told
    few = generated(values, 22, **some | {"filter": {"quota": 9, "leak": "off"}})
    assert "dog lacks 12, has 9; raise filter.quota to 17, or leave it out" in refused(few)


def test_single_classes_that_are_none_are_refused(values: dict[str, Any]) -> None:
    one = {"source": "glide", "per_class": {"wolf": {"steps": "5"}}}
    assert "wolf" in refused(generated(values, 50) | {"images": one})
    assert "wolf" in refused(
        generated(values, 50) | {"prompts": {"per_class": 50, "classes": {"wolf": {"name": "w"}}}}
    )


def test_tail_that_is_cut_out_is_counted_too(values: dict[str, Any]) -> None:
    values |= {"dataset": {"source": "digits"}, "experiment": {"imbalance_factors": [10, 100]}}
    told = refused(generated(values, 100))
    assert told.startswith("config: at imbalance factor 10 too few kept synthetic images: ")
    check_enough(load(generated(values, 130)))


def test_class_whose_tails_have_no_image_in_common_has_no_guide(values: dict[str, Any]) -> None:
    """The stage would refuse it too, but after a language model has been paid for prompts."""
    values |= {"dataset": {"source": "digits"}}
    made = generated(values, 130) | {"images": {"source": "glide", "guide": "real"}}
    check_enough(load(made | {"experiment": {"imbalance_factors": [10, 100]}}))
    told = refused(made | {"experiment": {"imbalance_factors": [100], "data_seeds": [0, 1, 2]}})
    assert "images.guide: real, but no image of class 'three', nor of 6 more, is in all 3" in told
    check_enough(load(generated(values, 130, experiment={"data_seeds": [0, 1, 2]})))
