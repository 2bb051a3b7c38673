import math
import statistics

import pytest

from sau.pipeline.report.csv_text import SUMMARY_COLUMNS, runs_csv
from sau.pipeline.report.formats import factor, mean_std, number
from sau.pipeline.report.runs import read_measured
from sau.pipeline.report.tables import run_rows, summary
from sau.storage import manifest


def test_summary_equals_a_loop_over_the_files(fake):
    paths = fake(seeds=(0, 1, 2)).metrics

    table = summary(run_rows(read_measured(paths)))

    assert table["selection"].tolist() == ["last", "best_on_test"] * 3
    for _, row in table.iterrows():
        for split in ("all", "many", "medium", "few"):
            values = [
                found[f"top1_{row['selection']}"]
                for path in paths
                if manifest.read_metadata(path)["provenance"]["run"] == row["run"]
                for found in manifest.read(path, "metrics").to_pylist()
                if found["split"] == split
            ]
            assert len(values) == row["seeds"] == 3
            assert row[f"{split}_mean"] == pytest.approx(statistics.mean(values))
            assert row[f"{split}_std"] == pytest.approx(statistics.stdev(values))


def test_single_seed_has_no_deviation(fake):
    table = summary(run_rows(read_measured(fake(seeds=(4,)).metrics)))

    assert table["all_std"].isna().all()
    assert "±" not in mean_std(table["all_mean"].iloc[0], table["all_std"].iloc[0])


def test_rows_of_one_label_are_distinguished(fake):
    methods = [("a", "SAU", "sau", "real"), ("b", "SAU", "sau", "balanced")]

    runs = read_measured(fake(methods=methods, seeds=(0,)).metrics)

    assert [run.record.label for run in runs] == ["SAU (a)", "SAU (b)"]


def test_runs_csv_has_one_row_per_run_and_split(fake):
    text = runs_csv(run_rows(read_measured(fake().metrics)))

    lines = [line.split(",") for line in text.splitlines()]
    assert lines[0] == SUMMARY_COLUMNS
    assert len(lines) == 1 + 3 * 2 * 4
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [row["split"] for row in rows[:4]] == ["all", "many", "medium", "few"]
    assert {(row["method"], row["synthetic"]) for row in rows} == {
        ("CE", "0"),
        ("CE*", "1"),
        ("SAU", "1"),
    }
    assert {row["imbalance_factor"] for row in rows} == {"10"}
    assert {row["seed"] for row in rows} == {"0", "1"}
    keys = [(row["method"], row["seed"], row["split"]) for row in rows]
    assert len(set(keys)) == len(keys)


def test_runs_csv_names_the_data_seed_where_there_are_several(fake):
    text = runs_csv(run_rows(read_measured(fake(data_seeds=(0, 7), seeds=(1,)).metrics)))

    seeds = {line.split(",")[4] for line in text.splitlines()[1:]}
    assert seeds == {"0/1", "7/1"}


def test_numbers_have_fixed_digits():
    assert mean_std(91.2, 0.456) == "91.20 ± 0.46"
    assert mean_std(91.2, math.nan) == "91.20"
    assert mean_std(math.nan, math.nan) == "—"
    assert [number(n) for n in (100.0, 36.25, 12.5, 464154)] == ["100", "36.25", "12.5", "464,154"]
    assert factor(100.0, "100") == "100"
    assert factor(36.0, "100") == "36 (asked for 100)"
    assert factor(12.5, "as-is") == "12.5 (as-is)"
