"""Which trained runs a configuration would replace, and what is said of them."""

from pathlib import Path
from typing import Any

import pytest

from sau.core.errors import UserError
from sau.pipeline.training.settings import TrainingSection
from sau.run.replacing import refuse_replacing, runs_to_replace, warning_of_replacing
from sau.storage import manifest

SETTINGS = TrainingSection(backbone="resnet8", epochs=14)


def trained(folder: Path, recorded: dict[str, Any] | None) -> Path:
    """Write predictions without rows, as a training run with these settings would record them."""
    path = folder / "predictions.parquet"
    made = {} if recorded is None else {"settings": recorded}
    manifest.write(path, "predictions", manifest.SCHEMAS["predictions"].empty_table(), made)
    return path


def test_run_with_other_settings_is_named_with_what_differs(tmp_path: Path) -> None:
    path = trained(tmp_path / "sau", SETTINGS.with_effect())
    now = {path: SETTINGS.replace(epochs=20, backbone="resnet20")}
    assert runs_to_replace(now) == {path: ["backbone: resnet8, now resnet20", "epochs: 14, now 20"]}
    with pytest.raises(UserError) as error:
        refuse_replacing(now)
    told = str(error.value)
    assert told.startswith("1 trained run would be replaced, as training has other settings now: ")
    assert f"{tmp_path}/sau (backbone: resnet8, now resnet20, epochs: 14, now 20); to keep" in told
    assert "add --config 'experiment={replace_runs: true}'" in told
    assert "\n" not in told


def test_run_is_not_replaced_by_its_own_settings_or_by_those_without_effect(tmp_path: Path) -> None:
    path = trained(tmp_path, SETTINGS.with_effect())
    refuse_replacing({path: SETTINGS, tmp_path / "none.parquet": SETTINGS})
    refuse_replacing({path: SETTINGS.replace(checkpoint_every=3)})
    assert warning_of_replacing({path: SETTINGS}) == ""


def test_setting_that_is_newer_than_the_run_counts_as_its_default(tmp_path: Path) -> None:
    older = SETTINGS.with_effect()
    del older["test_views"]
    path = trained(tmp_path, older)
    assert runs_to_replace({path: SETTINGS}) == {}
    assert runs_to_replace({path: SETTINGS.replace(test_views="flip")}) == {
        path: ["test_views: whole, now flip"]
    }


def test_run_that_says_nothing_of_its_settings_is_left_to_the_stages(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"no table")
    by_hand = trained(tmp_path, None)
    assert runs_to_replace({damaged: SETTINGS, by_hand: SETTINGS}) == {}


def test_many_runs_are_counted(tmp_path: Path) -> None:
    paths = [trained(tmp_path / str(place), SETTINGS.with_effect()) for place in range(7)]
    told = warning_of_replacing(dict.fromkeys(paths, SETTINGS.replace(epochs=2)))
    assert told.startswith("7 trained runs would be replaced")
    assert "/4 (epochs: 14, now 2), and 2 more; without" in told
