import yaml

from tests.paths import ROOT

CONFIGS = ROOT / "configs"


def test_experiment_of_width_16_differs_in_the_width_alone():
    wide, narrow = (
        yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
        for name in ("cifake", "cifake-width16")
    )
    assert narrow["training"].pop("width") == 16
    assert wide["training"].pop("width") == 64
    assert narrow["experiment"].pop("results") != wide["experiment"].pop("results")
    assert narrow["report"].pop("title") != wide["report"].pop("title")
    assert narrow == wide
