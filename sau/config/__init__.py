"""The whole configuration: one typed section per stage, checked against a strict schema."""

from sau.config.backbones import check_backbones
from sau.config.config import Config, ExperimentSettings, TrainingGrid
from sau.config.enough import check_enough
from sau.config.expected import expected_grid
from sau.config.read import read_config_file
from sau.config.schema import json_schema
from sau.config.validate import check_sources, load

__all__ = [
    "Config",
    "ExperimentSettings",
    "TrainingGrid",
    "check_backbones",
    "check_enough",
    "check_sources",
    "expected_grid",
    "json_schema",
    "load",
    "read_config_file",
]
