"""Programs of the tests in processes of their own."""

import subprocess
import sys


def run_apart(module: str, *arguments: str) -> None:
    """Run a module as a program; what it says stands in the failure if it fails."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
