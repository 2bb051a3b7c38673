"""Names of the generators and scorers that are shipped with the project."""

from pathlib import Path

from sau.errors import UserError

ASSETS = Path(__file__).parent.parent / "assets"
SHIPPED = ("tiny-glide", "tiny-clip")


def model_folder(name: str) -> Path:
    """Return the folder of a shipped model, or `name` itself as a folder.

    Raises:
        UserError: there is no such folder.
    """
    folder = ASSETS / name if name in SHIPPED else Path(name)
    if not folder.is_dir():
        raise UserError(
            f"images.model: no folder {folder}; give a folder that GlidePipeline.from_pretrained "
            f"loads, or {SHIPPED[0]}"
        )
    return folder
