"""The real CIFAKE, where it lies beside the repository."""

from pathlib import Path

import pytest

from sau.pipeline.dataset.load import load
from sau.pipeline.dataset.settings import DatasetSettings

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "cifake"


@pytest.mark.skipif(not (FOLDER / "test_real.parquet").is_file(), reason="no CIFAKE here")
def test_counts_and_ids():
    settings = DatasetSettings(source="cifake", folder=str(FOLDER), images_per_class=2)
    _, train, test = load(settings)
    assert (len(train), len(test)) == (20, 5000)
    assert test.ids[:2] == ["real/test/0/0000", "real/test/0/0002"]
    assert test.ids[-1] == "real/test/9/0998"
