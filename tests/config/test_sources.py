"""Files that a configuration names must be there before the workflow starts."""

import pytest
import yaml

from sau.config import check_sources, load
from sau.core.errors import UserError
from tests.paths import ROOT


@pytest.fixture
def imagenet(tmp_path):
    """The default config on split files, all of which exist."""
    values = yaml.safe_load((ROOT / "config.yaml").read_text())
    values["dataset"] = {"source": "imagenet-lt", "folder": str(tmp_path)}
    for key in ("train_file", "test_file", "class_names_file"):
        (tmp_path / key).touch()
        values["dataset"][key] = str(tmp_path / key)
    return values


def test_sources_that_are_there_are_accepted(imagenet):
    check_sources(load(imagenet))


@pytest.mark.parametrize("key", ["folder", "train_file", "test_file", "class_names_file"])
def test_source_that_is_missing_is_named(imagenet, key):
    imagenet["dataset"][key] = "no/such"
    with pytest.raises(UserError, match=f"config: dataset.{key}: no/such does not exist"):
        check_sources(load(imagenet))
