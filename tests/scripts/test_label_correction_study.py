import pandas as pd

from scripts.label_correction_study import ROWS
from tests.paths import ROOT

RUNS = ROOT / "results" / "published" / "label-correction" / "runs.csv"


def test_rows_of_the_study_are_those_that_were_run():
    assert set(ROWS) == set(pd.read_csv(RUNS)["row"])
