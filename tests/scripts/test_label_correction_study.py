import pandas as pd
import pytest

from scripts.label_correction_study import ROWS
from scripts.label_correction_table import table_of
from tests.paths import ROOT

PUBLISHED = ROOT / "results" / "published"
FOLDERS = [PUBLISHED / "label-correction", PUBLISHED / "label-correction-seeds"]


def test_rows_of_the_study_are_those_that_were_run():
    runs = pd.concat([pd.read_csv(folder / "runs.csv") for folder in FOLDERS])
    assert set(ROWS) == set(runs["row"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_published_table_is_that_of_its_runs(folder):
    table = table_of(*(pd.read_csv(folder / f"{name}.csv") for name in ("runs", "noise")))
    assert table in (folder / "README.md").read_text(encoding="utf-8")
