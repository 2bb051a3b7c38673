"""Compiled layers compute what the others do."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

from sau.networks.saved import WEIGHTS_FILE
from tests.compilers import needs_compiler, without_optimisation
from tests.training.conftest import Inputs


@needs_compiler("cpu")
@pytest.mark.slow
def test_compiled_run_ends_near_the_other(inputs: Inputs, tmp_path: Path) -> None:
    """In two epochs of a step each, rounding has not yet led the two apart.

    With the whole set in a batch there are few shapes to compile for.
    """
    settings = {"method": "sau", "epochs": 2, "batch_size": 24, "ema_decay": 0.5}
    plain = inputs.train(tmp_path / "plain", **settings)
    with without_optimisation(tmp_path):
        compiled = inputs.train(tmp_path / "compiled", **settings, compile="default")
    weights, theirs = (load_file(run["model"] / WEIGHTS_FILE) for run in (plain, compiled))
    assert weights.keys() == theirs.keys()
    for name, value in weights.items():
        difference = (value.float() - theirs[name].float()).abs().max()
        assert float(difference) < 1e-3 * (1 + float(value.float().abs().max())), name
