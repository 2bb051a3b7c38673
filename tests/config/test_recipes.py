"""The hash of a run's training settings: what the config expects is what the stage records."""

import shlex

import pytest
import yaml

from sau.config import load
from sau.engine.settings import TrainingSettings
from sau.pipeline.registry import STAGES
from sau.run.files import example_configs
from sau.settings.flags import arguments_of, build_parser, to_flags
from tests.paths import ROOT

FILES = [ROOT / name for name in example_configs(ROOT)]
PATHS = (
    "--members a --train-images a --test-images a --synthetic-images a --predictions a "
    "--history a --label-correction a --model a --checkpoint a --seed 0"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_recipe_survives_the_shell_line(file):
    """If not, the overview would take every run for one of another configuration."""
    config = load(yaml.safe_load(file.read_text()))
    stage = STAGES["training"].load()
    parser = build_parser("training", stage)
    for row in config.row_names():
        for factor in config.experiment.factor_names():
            settings = config.training.settings_of(row, factor)
            words = shlex.split(f"{PATHS} {to_flags(settings)}")
            found = arguments_of(stage, parser.parse_args(words))["settings"]
            assert found.recipe() == settings.recipe(), (row, factor)


def test_recipe_is_of_the_settings_that_results_depend_on():
    plain = TrainingSettings(learning_rate=1)
    assert plain.recipe() == TrainingSettings.from_mapping({"learning_rate": 1.0}).recipe()
    assert plain.recipe() != TrainingSettings(learning_rate=1.5).recipe()
    assert plain.recipe() != TrainingSettings(learning_rate=1, options={"neighbours": 7}).recipe()
    changed = {"checkpoint_every": 5, "decode": "on_demand", "tracker": "tensorboard"}
    assert set(changed) < set(TrainingSettings.keys(affects_result=False))
    assert plain.replace(**changed).recipe() == plain.recipe()
