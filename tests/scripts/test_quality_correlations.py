import pandas as pd
import pytest

from sau.tools.quality.figures import ALL, ClassFigures
from scripts.quality_correlations import main
from tests.docs.published import VIEWS, paired, table_after, text_of
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


@pytest.mark.parametrize(
    ("column", "run", "table", "row", "baseline"),
    [
        (1, "cifake-mini-seeds", "quality.csv", "CE*", "CE"),
        (2, "cifake-small-real", "quality.csv", f"CE*{VIEWS}", f"Balanced Softmax{VIEWS}"),
        (3, "digits-quality", "quality.csv", "CE*", "CE"),
        (4, "digits-quality", "quality-clip.csv", "CE*", "CE"),
    ],
)
def test_table_of_correlations_is_that_of_the_published_runs(
    column, run, table, row, baseline, capsys
):
    _, *lines = table_after(text_of("docs/quality.md"), "| correlation with the gain |")
    told = {cells[0]: cells[column] for cells in lines}
    folder = ROOT / "results" / "published" / run
    words = [str(folder / table), str(folder), "--row", row, "--baseline", baseline]
    assert main(words) == 0
    found = dict.fromkeys(told, "\N{EM DASH}")  # where a figure is the same of all classes
    for line in capsys.readouterr().out.splitlines()[2:]:
        name, value, interval = (cell.strip() for cell in line.strip("|").split("|"))
        found[name] = f"{value} ({interval})"
    assert told == found
    assert len(told) == 8


@pytest.mark.parametrize("run", ["cifake-small-real", "digits-quality"])
def test_gains_of_the_table_are_of_rows_with_as_many_operations(run):
    rows = pd.read_csv(ROOT / "results" / "published" / run / "imbalance-100.csv")
    rows = rows[rows["selection"] == "last"].set_index("run")["operations"]
    baseline = "balanced-softmax" if run.startswith("cifake") else "ce"
    assert rows["ce-balanced"] / rows[baseline] == pytest.approx(1, abs=0.05)


def test_rows_that_are_not_published(tmp_path, capsys):
    quality_table(tmp_path / "quality.csv")
    words = [str(tmp_path / "quality.csv"), str(PUBLISHED), "--row", "x", "--baseline", "CE"]
    assert main(words) == 2
    assert capsys.readouterr().err == (
        "error: no figures of 'x' at imbalance factor 100 for each class\n"
    )


def test_sentences_on_correlations_are_those_of_the_table():
    """And with which points the two gains are told in, by the runs themselves."""
    _, *lines = table_after(text_of("docs/quality.md"), "| correlation with the gain |")
    cifake, digits, clip = ({cells[0]: cells[column] for cells in lines} for column in (2, 3, 4))
    page, results = (
        " ".join(text_of(name).split()) for name in ("docs/quality.md", "docs/results.md")
    )
    for text in (page, results):
        assert (
            f"recall has {cifake['recall']} and kernel distance {cifake['kernel distance']}" in text
        )
        assert f"place in the tail has {cifake['place in the tail']}" in text
        assert f"place in the tail has {digits['place in the tail']}" in text
    assert f"other sign ({clip['recall'].replace(' (', ', ')}" in page
    apart = {name for name, cell in cifake.items() if "(-" in cell and " to -" in cell}
    apart |= {name for name, cell in cifake.items() if "(-" not in cell}
    assert apart == {"kernel distance", "recall"}
    for column in (digits, clip):
        held = [cell for name, cell in column.items() if name != "place in the tail"]
        assert all(cell == "\N{EM DASH}" or ("(-" in cell and " to -" not in cell) for cell in held)
    for row, other, run in (
        (f"CE*{VIEWS}", f"Balanced Softmax{VIEWS}", "cifake-small-real"),
        ("CE*", "CE", "digits-quality"),
    ):
        middle, low, high = paired(row, other, [run], 100)
        over = other.removesuffix(VIEWS)
        assert f"CE* over {over} {middle} points, {low} to {high})" in results
