"""The real CIFAKE, where it lies beside the repository."""

import pytest

from sau.pipeline.dataset.load import load
from sau.pipeline.dataset.settings import DatasetSettings
from tests.paths import SHARED

FOLDER = SHARED / "data" / "cifake"


@pytest.mark.skipif(not (FOLDER / "test_real.parquet").is_file(), reason="no CIFAKE here")
def test_counts_and_ids():
    settings = DatasetSettings(source="cifake", folder=str(FOLDER), images_per_class=2)
    _, train, test = load(settings)
    assert (len(train), len(test)) == (20, 5000)
    assert test.ids[:2] == ["real/test/0/0000", "real/test/0/0002"]
    assert test.ids[-1] == "real/test/9/0998"
