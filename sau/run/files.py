"""Where Snakefile, rules, default config, example configs and profiles stand."""

from pathlib import Path

from sau.core.errors import UserError
from sau.settings.paths import with_home

PACKAGE = Path(__file__).parents[1]


def workflow_folder(package: Path = PACKAGE) -> Path:
    """Return the folder that holds the Snakefile, `config.yaml`, `configs`, `profiles`, `workflow`.

    A wheel holds them in `run/shipped`; in a checkout they stand beside the package.

    Args:
        package: the folder of the package `sau`.

    Raises:
        UserError: the package stands alone, without these files.
    """
    for folder in (package / "run" / "shipped", package.parent):
        if (folder / "Snakefile").is_file():
            return folder
    raise UserError(
        f"{package}: no Snakefile stands in or beside the package; "
        "install a wheel of sau-longtail, or run from a checkout"
    )


def in_checkout(package: Path = PACKAGE) -> bool:
    """Return whether the package stands in a checkout, beside its Snakefile."""
    return workflow_folder(package) == package.parent


def find(name: str, shipped: Path) -> Path | None:
    """Return the file or folder `name` of the current folder, or else of the shipped ones.

    Args:
        name: a path, absolute or from the current folder, or from a home folder by `~`.
        shipped: the folder that `workflow_folder` returns.

    Returns: the path as it was given, the shipped one, or None if there is neither.

    Raises:
        UserError: nobody knows that home folder.
    """
    try:
        name = with_home(name)
    except ValueError as error:
        raise UserError(f"{name}: {error}") from error
    for path in (Path(name), shipped / name):
        if path.exists():
            return path
    return None


def example_configs(shipped: Path) -> list[str]:
    """Return the names of the shipped config files, from their folder.

    What lies in `configs/sweeps` are changes for `sau sweep`, and no configs.
    """
    configs = shipped / "configs"
    found = [path for path in configs.rglob("*.yaml") if path.parent != configs / "sweeps"]
    return ["config.yaml", *sorted(path.relative_to(shipped).as_posix() for path in found)]
