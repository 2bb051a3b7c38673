"""Programs of the tests in processes of their own."""

from tests.forks import TORCH, python
from tests.paths import ROOT


def run_apart(module: str, *arguments: str) -> None:
    """Run a module as a program; what it says stands in the failure if it fails."""
    done = python(ROOT, "-m", module, *arguments, preloaded=TORCH)
    assert done.returncode == 0, done.stderr
