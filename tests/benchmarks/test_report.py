from typing import Any

from benchmarks.report import page


def record(processor: str) -> dict[str, Any]:
    ratio = {"what": "a step", "slower": "plain", "slower_seconds": 2.0, "faster": "engine",
             "faster_seconds": 1.0, "ratio": 2.0, "lowest": 1.5, "highest": 2.5}  # fmt: skip
    machine = {"processor": processor, "instructions": "AVX2", "cores": 2, "threads": 1,
               "gpu": None}  # fmt: skip
    return {"benchmark": "passes", "ratios": [ratio], "figures": {}, "machine": machine,
            "versions": {"torch": "2"}}  # fmt: skip


def test_each_row_names_its_machine() -> None:
    lines = page([record("old"), record("new"), record("old")]).splitlines()
    machines = [line for line in lines if "cores of" in line]
    assert machines == [
        "1. 2 cores of old (AVX2), 1 threads; torch 2.",
        "2. 2 cores of new (AVX2), 1 threads; torch 2.",
    ]
    rows = [line for line in lines if line.startswith("| passes")]
    assert [row.split("|")[-2].strip() for row in rows] == ["1", "2", "1"]
    assert rows[0] == "| passes | a step | plain | 2 | engine | 1 | 2.00 | 1.50 | 2.50 | 1 |"
