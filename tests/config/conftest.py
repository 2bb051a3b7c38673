import pytest
import yaml

from tests.paths import ROOT


@pytest.fixture
def default():
    return yaml.safe_load((ROOT / "configs" / "digits-resnet8.yaml").read_text())
