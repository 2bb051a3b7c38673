"""A refused change loses nothing: what was drawn and trained before is taken back."""

import pytest

from sau.storage.reuse import TAKEN
from tests.workflow.project import results_of


@pytest.mark.slow
def test_misspelt_model_costs_neither_pictures_nor_training(project):
    """Snakemake removes a job's outputs before the job can say that there is no such model."""
    before = results_of(project.folder)
    refused = project.run("--keep-going", images__model="tiny-glyde")
    assert refused.returncode == 1
    assert not list((project.folder / "results/images").glob("*.parquet"))
    done = project.run()
    assert done.returncode == 0, done.stderr[-3000:]
    assert results_of(project.folder) == before
    logs = project.folder / "results/logs"
    drawn = [path.read_text() for path in (logs / "images").glob("shard-*.log")]
    assert [TAKEN in text for text in drawn] == [True, True]
    trained = {
        path.relative_to(logs / "training").parts[0]: path.read_text()
        for path in (logs / "training").rglob("*.log")
    }
    assert set(trained) == {"ce", "ce-balanced", "sau"}
    for run in ("ce-balanced", "sau"):
        assert TAKEN in trained[run]
    assert "epoch 3 of 3" in trained["ce"], "it reads no synthetic image, and did not run again"
