"""A process of another module that says `ready`, and then answers each line that it is told."""

import subprocess
import sys
from contextlib import ExitStack

from sau.core.errors import UserError


class Serving:
    """One such process, which is ready.

    Args:
        stack: ends it.
        module: to run, of the benchmarks.
        words: of its command line.

    Raises:
        UserError: it ends before it is ready; what it says stands above.
    """

    def __init__(self, stack: ExitStack, module: str, *words: str) -> None:
        command = [sys.executable, "-m", f"benchmarks.{module}", *words]
        pipe = subprocess.PIPE
        self._process = stack.enter_context(
            subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        )
        self.number = self._process.pid
        if self.answer() != "ready":
            raise UserError(f"benchmarks.{module}: it does not start, see above")

    def tell(self, line: str) -> None:
        """Tell it a line, and do not wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """Wait for its next line."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
