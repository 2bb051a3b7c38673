"""The stage, run with settings."""

import pytest

from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.storage import manifest


@pytest.fixture
def run(tmp_path):
    """Run the stage; return both tables as rows, and what the training manifest says of itself."""

    def run_stage(out="out", **settings):
        train, test = (tmp_path / out / f"{name}.parquet" for name in ("train", "test"))
        dataset(train, test, settings=DatasetSettings(**settings))
        rows = [manifest.read(path, "images").to_pylist() for path in (train, test)]
        return *rows, manifest.read_metadata(train)["provenance"]

    return run_stage
