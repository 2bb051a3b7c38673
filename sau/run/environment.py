"""The shell environment of a rule: the package that plans the jobs is the one that runs them."""

import os
import shlex
import sys
from pathlib import Path

from sau.run.files import PACKAGE, in_checkout
from sau.run.parent import VARIABLE
from sau.storage.temporary import temporary_beside


def environment(deployed: bool, package: Path = PACKAGE) -> str:
    """Return shell commands after which `python -m sau` runs this very package.

    A checkout's folder becomes the `PYTHONPATH`. An installed package is known to the Python that
    runs Snakemake. Where rules have environments of their own, a folder that holds a link to the
    package, and none of its neighbours, becomes the `PYTHONPATH`: other installed packages belong
    to another Python. The commands also tell the package whom it works for.

    Args:
        deployed: rules run in environments of their own, as of conda, with a `python` of their own.
        package: the folder of the package.
    """
    commands = []
    if in_checkout(package):
        commands.append(f"export PYTHONPATH={shlex.quote(os.fspath(package.parent))}; ")
    elif deployed:
        folder = linked(package, Path(".snakemake") / "sau")
        commands.append(f"export PYTHONPATH={shlex.quote(os.fspath(folder))}; ")
    if not deployed:
        # The `python` that runs Snakemake, activated or not.
        commands.append(
            f"export PATH={shlex.quote(os.fspath(Path(sys.executable).parent))}:$PATH; "
        )
    # By it a job ends when Snakemake does. The shell in between outlives Snakemake.
    commands.append(f"export {VARIABLE}=$PPID; ")
    return "".join(commands)


def linked(package: Path, folder: Path) -> Path:
    """Return the absolute path of `folder`, in which a link of the same name leads to `package`.

    Every job of a run comes here, some at once: a link that is there already stays, and another
    one is replaced in one step.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / package.name
    if not (link.is_symlink() and link.readlink() == package):
        new = temporary_beside(link)
        new.symlink_to(package, target_is_directory=True)
        new.replace(link)
    return folder
