"""Run a stage of sau as its command line does, and write down the memory that it took.

python -m benchmarks.peak FILE STAGE --flags
"""

import sys
from pathlib import Path

from sau.__main__ import main


def peak_of_process(process: int | str = "self") -> int:
    """Return the highest resident memory of a process so far, in bytes; of this one by default.

    Linux alone tells it. What `wait4` says of a child is no less than the memory of the process
    that started it.
    """
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    (words,) = (line.split() for line in lines if line.startswith("VmHWM:"))
    return int(words[1]) * 1024


if __name__ == "__main__":
    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text(f"{peak_of_process()}\n", encoding="utf-8")
    sys.exit(code)
