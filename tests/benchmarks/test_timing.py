import subprocess
import sys

import pytest

from benchmarks.timing import CLOCKS, MINIMUM_ROUNDS, Ratio, interleave


def test_parts_come_in_turn_and_each_first_as_often() -> None:
    calls: list[str] = []
    parts = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    found = interleave(parts, seconds=0)
    warm_up, rounds = calls[:2], calls[2:]
    assert warm_up == ["a", "b"]
    assert rounds == ["a", "b", "b", "a", "a", "b"][: 2 * MINIMUM_ROUNDS]
    assert {name: len(results) for name, results in found.items()} == {"a": 3, "b": 3}


def test_results_stay_with_their_part_and_the_warm_up_is_dropped() -> None:
    counter = iter(range(100))
    parts = {"a": lambda: next(counter), "b": lambda: next(counter)}
    assert interleave(parts, seconds=0) == {"a": [2, 5, 6], "b": [3, 4, 7]}


def test_ratio_is_the_median_of_the_rounds() -> None:
    facts = Ratio("step", "slow", "fast", [2.0, 9.0, 8.0], [1.0, 3.0, 2.0]).to_mapping()
    assert facts["ratio"] == pytest.approx(3.0)
    assert (facts["lowest"], facts["highest"]) == pytest.approx((2.0, 4.0))
    assert (facts["slower_seconds"], facts["faster_seconds"]) == (8.0, 2.0)


def test_line_names_both_sides_and_the_spread() -> None:
    line = Ratio("step", "slow", "fast", [2.0, 9.0, 8.0], [1.0, 3.0, 2.0]).line()
    assert line == "step: slow 8 s, fast 2 s, 3.00 times (2.00 to 4.00 in 3 rounds)"


def test_processors_clock_counts_children_that_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    before = CLOCKS["processor"]()
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert CLOCKS["processor"]() - before > 0.2
