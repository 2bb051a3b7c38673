from pathlib import Path

import pytest
import yaml

from sau.config import Config, load
from sau.core.errors import UserError
from scripts.slices.grid import Run, chosen_runs, is_balanced
from tests.paths import ROOT


@pytest.fixture
def cifake() -> Config:
    return load(yaml.safe_load((Path(ROOT) / "configs" / "cifake.yaml").read_text()))


def test_rows_of_a_factor_come_before_the_next(cifake: Config) -> None:
    runs = chosen_runs(cifake, ["sau", "ce"], ["100", "10"], [])
    assert runs == [Run("sau", "100"), Run("ce", "100"), Run("sau", "10"), Run("ce", "10")]
    assert [is_balanced(cifake, run) for run in runs] == [True, False] * 2


def test_grid_without_names_is_what_the_config_runs(cifake: Config) -> None:
    runs = chosen_runs(cifake, [], [], [])
    assert len(runs) == 16
    assert runs[:2] == [Run("ce", "200"), Run("ce-balanced", "200")]
    assert not any(run.row == "sau-drop" for run in runs)


def test_single_runs_come_last_and_none_comes_twice(cifake: Config) -> None:
    also = ["sau-drop/imbalance-100", "sau/imbalance-100"]
    assert chosen_runs(cifake, ["sau"], ["100"], also) == [
        Run("sau", "100"),
        Run("sau-drop", "100"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((["suu"], [], []), "run suu/imbalance-200: unknown row; did you mean 'sau'"),
        (
            (["sau"], ["80"], []),
            "run sau/imbalance-80: no such factor in the config; it has 200, 100, 50",
        ),
        ((["sau"], [], ["sau"]), "--also sau: expected a run such as sau/imbalance-100"),
        ((["sau"], [], ["sau/imbalance-8"]), "run sau/imbalance-8: no such factor"),
    ],
)
def test_name_that_the_config_does_not_have_is_refused(
    words: tuple[list[str], list[str], list[str]], message: str, cifake: Config
) -> None:
    with pytest.raises(UserError) as error:
        chosen_runs(cifake, *words)
    assert message in str(error.value)
