"""Two `sau dataset` with one output: both tables are of one of them, and the other says why not."""

import re
from pathlib import Path

from sau.storage import manifest
from tests.sources.make_images import put_classes
from tests.storage.processes import start

TWO_AT_ONCE = """
import os, sys
from sau.__main__ import main
import pandas, sau.pipeline.dataset.folders, sau.pipeline.dataset.stage
from sau.storage.code_digest import code_digest
code_digest("dataset")  # it and the imports take their time once, not in each of the processes
folder, rounds = sys.argv[1], int(sys.argv[2])
def run(number, name, barrier):
    out = f"{folder}/out-{number}"
    error = os.open(f"{folder}/{name}-{number}.log", os.O_CREAT | os.O_WRONLY)
    os.dup2(error, 2)
    os.read(barrier, 1)
    os._exit(main(["dataset", "--train", f"{out}/train.parquet", "--test", f"{out}/test.parquet",
                   "--source", "image-folder", "--folder", f"{folder}/{name}",
                   "--test-per-class", "2"]))
for number in range(rounds):
    ready, go = os.pipe()
    started = []
    for name in ("zoo", "park"):
        started.append(os.fork())
        if not started[-1]:
            run(number, name, ready)
    os.write(go, b"go")
    codes = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in started]
    print(*codes, flush=True)
"""


def test_tables_are_of_one_process_and_the_other_is_told(tmp_path: Path) -> None:
    rounds = 6
    for name in ("zoo", "park"):
        put_classes(tmp_path / name, {"ant": 8, "bee": 8})
    process = start(TWO_AT_ONCE, tmp_path, str(rounds))
    said, error = process.communicate()
    assert process.returncode == 0, error
    codes = [line.split() for line in said.splitlines()]
    assert len(codes) == rounds
    for number, both in enumerate(codes):
        assert sorted(both) in (["0", "2"], ["0", "0"])  # or one began after the other's end
        out = tmp_path / f"out-{number}"
        assert sorted(path.name for path in out.iterdir()) == ["test.parquet", "train.parquet"]
        made = [manifest.read_metadata(path)["provenance"] for path in sorted(out.iterdir())]
        assert made[0]["settings"] == made[1]["settings"]
        for code, name in zip(both, ("zoo", "park"), strict=True):
            if code == "2":
                _is_one_line((tmp_path / f"{name}-{number}.log").read_text(), out)
    assert ["0", "2"] in map(sorted, codes)


def _is_one_line(said: str, out: Path) -> None:
    line = rf"sau dataset: error: {out}/t\w+\.parquet: being written by pid \d+ of "
    assert re.match(line, said)
    assert said.count("\n") == 1
