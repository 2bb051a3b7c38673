"""Files that a configuration names must be there before the workflow starts."""

import pytest
import yaml

from sau.config import check_sources, load
from sau.core.errors import UserError
from tests.paths import ROOT


@pytest.fixture
def imagenet(tmp_path):
    """The default config on split files, all of which exist."""
    values = yaml.safe_load((ROOT / "configs" / "digits-resnet8.yaml").read_text())
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


def test_classifier_that_is_missing_is_named(imagenet):
    imagenet["scores"] = {"classifiers": ["no/such"]}
    with pytest.raises(UserError, match=r"config: scores.classifiers.0: no/such does not exist"):
        check_sources(load(imagenet))


def test_weights_that_are_missing_are_named_with_their_row(imagenet):
    row = {"method": "cross_entropy", "data": "real", "backbone": "timm/x", "pretrained": "no/such"}
    imagenet["training"]["runs"] = {"probe": row}
    imagenet["training"].pop("width", None)
    where = r"config: training\.runs\.probe\.pretrained: no/such does not exist"
    with pytest.raises(UserError, match=where):
        check_sources(load(imagenet))
    row["pretrained"] = "yes"
    check_sources(load(imagenet))
