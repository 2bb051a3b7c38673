import pandas as pd

from sau.tools.quality.figures import ALL, ClassFigures
from scripts.quality_correlations import main
from tests.paths import ROOT

PUBLISHED = ROOT / "results" / "published" / "cifake-mini-seeds"
FLAGS = ["--row", "CE*", "--baseline", "CE"]


def quality_table(path, **columns):
    """Write a table of the ten classes as `sau quality` does, with one of all."""
    names = list(dict.fromkeys(pd.read_csv(PUBLISHED / "figures.csv")["class"].dropna()))
    missing = dict.fromkeys(ClassFigures.__dataclass_fields__, float("nan"))
    frame = pd.DataFrame({"name": names}).assign(**{**missing, "name": names, **columns})
    of_all = pd.DataFrame([missing | {"name": ALL, "coverage": 1e6}])
    pd.concat([frame, of_all]).to_csv(path, index=False)


def test_figure_that_is_the_gain_goes_along_with_it(tmp_path, capsys):
    published = pd.read_csv(PUBLISHED / "figures.csv").dropna(subset="class")
    recall = published.pivot(index="class", columns="method", values="recall")
    names = list(dict.fromkeys(published["class"]))
    gains = (recall["CE*"] - recall["CE"]).reindex(names).to_numpy()
    quality_table(tmp_path / "quality.csv", coverage=gains, density=-gains)
    assert main([str(tmp_path / "quality.csv"), str(PUBLISHED), *FLAGS]) == 0
    _, _, place, density, coverage = capsys.readouterr().out.splitlines()
    assert place.startswith("| place in the tail | 0.92 |")
    assert density == "| density | -1.00 | -1.00 to -1.00 |"
    assert coverage == "| coverage | 1.00 | 1.00 to 1.00 |"


def test_figures_of_the_page_are_those_of_the_published_table(capsys):
    assert main([str(PUBLISHED / "quality.csv"), str(PUBLISHED), *FLAGS]) == 0
    lines = capsys.readouterr().out.splitlines()
    text = " ".join((ROOT / "docs" / "quality.md").read_text().split())
    for figure in ("place in the tail", "recall", "kernel distance", "coverage"):
        (line,) = (one for one in lines if one.startswith(f"| {figure} |"))
        _, _, value, interval, _ = (cell.strip() for cell in line.split("|"))
        assert value in text
        assert interval in text


def test_rows_that_are_not_published(tmp_path, capsys):
    quality_table(tmp_path / "quality.csv")
    words = [str(tmp_path / "quality.csv"), str(PUBLISHED), "--row", "x", "--baseline", "CE"]
    assert main(words) == 2
    assert capsys.readouterr().err == (
        "error: no figures of 'x' at imbalance factor 100 for each class\n"
    )
