"""Tests that need a compiler, by the device that they compile for."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sau.device.compiling import COMPILERS


def needs_compiler(device: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where nothing compiles for `device`, cpu or cuda."""
    language, variable, names = COMPILERS[device]
    candidates = [os.environ.get(variable, ""), *names]
    found = any(shutil.which(name) for name in candidates if name)
    return pytest.mark.skipif(not found, reason=f"no {language} compiler here")


@contextmanager
def without_optimisation(folder: Path) -> Iterator[None]:
    """Let what is compiled for a CPU be compiled without optimisation: the same sums, sooner.

    Nor with vector instructions, whose headers take g++ as long as all the rest.

    Args:
        folder: for the program that calls the compiler.
    """
    from torch._inductor import config

    compiler = os.environ.get("CXX") or next(filter(shutil.which, COMPILERS["cpu"][2]))
    program = folder / "compiler"
    program.write_text(f'#!/bin/sh\nexec {compiler} "$@" -O0\n')  # the last of several counts
    program.chmod(0o755)
    choices = {"cpp.cxx": (None, str(program)), "cpp.vec_isa_ok": False, "compile_threads": 1}
    with config.patch(choices):
        yield
