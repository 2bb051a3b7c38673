"""Which weights score, as far as they are files of ours; nothing here imports PyTorch."""

from pathlib import Path

from sau.assets.shipped import SHIPPED, model_folder, weights_sha256
from sau.storage.files import file_sha256


def weights_of(model: str, pretrained: str) -> dict[str, str]:
    """Return what distinguishes a scorer's weights, where they are files of ours to read.

    Raises:
        UserError: a shipped model that is not there.
    """
    folder = local_folder(model)
    if folder:
        return {"weights_sha256": weights_sha256(folder)}
    if Path(pretrained).is_file():
        return {"weights_sha256": file_sha256(Path(pretrained))}
    return {}


def local_folder(model: str) -> Path | None:
    """Return the folder of a local or shipped model; None if it is a name of open_clip."""
    if model in SHIPPED or Path(model).is_dir():
        return model_folder(model, "scores.model")
    return None
