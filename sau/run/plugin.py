"""How Snakemake, as a process of its own, is given a logger of ours."""

import os
from collections.abc import Mapping
from pathlib import Path

from sau.run.files import PACKAGE, in_checkout

LOGGER = "sau"
"""The name after `--logger`."""

JOBS_FILE = "SAU_JOBS_FILE"
"""Environment variable: the file that the jobs of a plan are written to."""


def environment_with_plugin(
    environment: Mapping[str, str], package: Path = PACKAGE
) -> dict[str, str]:
    """Return an environment in which Snakemake finds the logger, and the logger finds this package.

    Args:
        environment: of this process.
        package: the folder of the package.
    """
    folders = [package / "run" / "plugins", *([package.parent] if in_checkout(package) else [])]
    path = os.pathsep.join(map(str, folders))
    before = environment.get("PYTHONPATH", "")
    return {**environment, "PYTHONPATH": f"{path}{os.pathsep}{before}" if before else path}
