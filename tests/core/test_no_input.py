"""Standard input is at its end inside, and as it was after."""

import subprocess
import sys

PROGRAM = """
import subprocess, sys
from sau.core.no_input import without_input
def asked():
    try:
        return input()
    except EOFError:
        return "ended"
print(asked())
with without_input():
    print(asked(), subprocess.run(["cat"], capture_output=True).stdout)
    with without_input():
        print(asked())
print(asked())
"""


def run(program: str, **options: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, **options
    )
    return done.stdout.splitlines()


def test_input_is_ended_inside_and_goes_on_after() -> None:
    found = run(PROGRAM.replace("print(asked())\nwith", "with", 1), input="yes\n")
    assert found == ["ended b''", "ended", "yes"]


def test_input_that_was_closed_stays_closed() -> None:
    program = "import os\nos.close(0)\n" + PROGRAM.replace("print(asked())\nwith", "with", 1)
    program = program.rpartition("print(asked())")[0] + "print(os.path.exists('/dev/fd/0'))"
    assert run(program)[:2] == ["ended b''", "ended"]
