"""The folder of a pipeline of diffusers: on this disk, or fetched from the Hugging Face Hub."""

from pathlib import Path

from sau.assets.model_code import PIPELINE_INDEX
from sau.assets.model_files import check_model_folder
from sau.core.errors import UserError


def diffusers_folder(name: str, revision: str, key: str) -> Path:
    """Return the folder of a model; one of the Hub is fetched into its cache first.

    Args:
        name: a folder, or a name on the Hub.
        revision: of the latter; empty: the newest.
        key: the setting that holds the name, for messages.

    Raises:
        UserError: there is none, it holds no pipeline or what `check_model_folder` refuses, or it
            cannot be fetched.
    """
    if Path(name).is_dir():
        return with_a_pipeline(Path(name), key)
    if name.count("/") != 1 or Path(name).parent.is_dir() or name.startswith((".", "/")):
        raise UserError(
            f"{key}: no folder {name}, and no name on the Hugging Face Hub, which is like "
            "stabilityai/sd-turbo"
        )
    return with_a_pipeline(_fetched(name, revision, key), key)


def with_a_pipeline(folder: Path, key: str) -> Path:
    """Return a folder that holds a pipeline, and no code of its own; see `check_model_folder`."""
    # Looked at before anything reads the folder's files, which may be any: a home folder, say.
    if not (folder / PIPELINE_INDEX).is_file():
        raise UserError(
            f"{key}: {folder} holds no pipeline of diffusers, which has a file {PIPELINE_INDEX}; "
            "give the folder that one was saved to"
        )
    check_model_folder(folder, key)
    return folder


def _fetched(name: str, revision: str, key: str) -> Path:
    import diffusers

    try:
        # Safetensors alone: pickles are not even downloaded.
        folder = diffusers.DiffusionPipeline.download(
            name, revision=revision or None, use_safetensors=True
        )
    except (OSError, ValueError) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise UserError(
            f"{key}: {name} is no folder here and does not come from the Hugging Face Hub "
            f"({reason}); connect to the network, or give a folder"
        ) from error
    return Path(folder)
