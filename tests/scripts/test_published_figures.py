import pandas as pd
import pytest

from sau.core.errors import UserError
from sau.pipeline.report.csv_text import csv_of
from scripts.published_figures import figures_of, left_as_it_is
from tests.paths import ROOT

FOLDERS = sorted(path.parent for path in (ROOT / "results" / "published").glob("*/figures.csv"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_published_figures_are_those_of_the_matrices(folder):
    assert csv_of(figures_of(folder)) == (folder / "figures.csv").read_text(encoding="utf-8")


def test_recall_of_the_matrices_is_the_published_mean_over_seeds():
    folder = ROOT / "results" / "published" / "digits"
    runs = pd.read_csv(folder / "summary.csv")
    means = runs[runs["split"] == "all"].groupby(["method", "imbalance_factor"])["top1_last"].mean()

    found = figures_of(folder)

    everything = found[found["class"] == ""]
    assert len(everything) == 9
    for _, row in everything.iterrows():
        expected = means[row["method"], int(row["imbalance_factor"])]
        assert float(row["recall"]) == pytest.approx(expected, abs=1e-3)
        # All classes have as many test images.
        assert row["balanced_accuracy"] == row["recall"]


def test_figures_of_a_class_follow_from_its_row_and_column(tmp_path):
    lines = ["method,selection,true_class,predicted_class,count"]
    lines += ["CE,last,cat,cat,6", "CE,last,cat,dog,2", "CE,last,dog,dog,3", "CE,last,dog,cat,1"]
    lines += ["CE,best_on_test,cat,cat,8", "CE,best_on_test,dog,dog,4"]
    (tmp_path / "imbalance-10-confusion.csv").write_text("\n".join(lines))
    head = "method,imbalance_factor,seed,split,top1_last"
    (tmp_path / "summary.csv").write_text(f"{head}\nCE,10,0,all,75\n")

    everything, cat, dog = figures_of(tmp_path).to_dict("records")

    assert (everything["images"], everything["in_words"]) == ("12", "baseline")
    assert (cat["recall"], dog["recall"]) == ("75.0000", "75.0000")
    assert float(cat["macro_f1"]) == pytest.approx(100 * 12 / (12 + 2 + 1), abs=1e-3)
    assert float(dog["macro_f1"]) == pytest.approx(100 * 6 / (6 + 1 + 2), abs=1e-3)


def test_folder_without_matrices_is_refused(tmp_path):
    assert left_as_it_is(tmp_path) == "no confusion matrix"
    with pytest.raises(UserError, match="nothing to measure"):
        figures_of(tmp_path)
