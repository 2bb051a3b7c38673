import pytest

from benchmarks.million import main


@pytest.mark.slow
def test_killed_run_goes_on_to_all_its_rows() -> None:
    words = ["--classes", "2", "--per-class", "20", "--shards", "2", "--threads", "1"]
    whole, tenth = main(words).figures.values()
    assert whole["shards_when_killed"] == 1
    assert whole["rows"] == {"shards": 2, "drawn": 40, "kept": 40, "taken": 20}
    assert tenth["rows"] == {"shards": 2, "drawn": 4, "kept": 4, "taken": 2}
    for size in (whole, tenth):
        assert size["stages"]["images"]["jobs"] == 2
        assert size["stages"]["images"]["peak_bytes"] > 0
        assert size["plan_peak_bytes"] > 0
