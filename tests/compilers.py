"""Tests that need a compiler, by the device that they compile for."""

import os
import shutil

import pytest

from sau.device.compiling import COMPILERS


def needs_compiler(device: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where nothing compiles for `device`, cpu or cuda."""
    language, variable, names = COMPILERS[device]
    candidates = [os.environ.get(variable, ""), *names]
    found = any(shutil.which(name) for name in candidates if name)
    return pytest.mark.skipif(not found, reason=f"no {language} compiler here")
