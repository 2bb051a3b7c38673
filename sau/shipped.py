"""Names of the generators and scorers that are shipped with the project."""

from pathlib import Path

from sau.errors import UserError

ASSETS = Path(__file__).parent / "assets"
SHIPPED = ("tiny-glide", "tiny-clip")


def model_folder(name: str, key: str) -> Path:
    """Return the folder of a shipped model, or `name` itself as a folder.

    Args:
        name: a name in `SHIPPED`, or a folder.
        key: the setting that holds the name, for the message.

    Raises:
        UserError: there is no such folder.
    """
    folder = ASSETS / name if name in SHIPPED else Path(name)
    if not folder.is_dir():
        raise UserError(
            f"{key}: no folder {folder}; give a folder with the model, "
            f"or one that is shipped: {', '.join(SHIPPED)}"
        )
    return folder
