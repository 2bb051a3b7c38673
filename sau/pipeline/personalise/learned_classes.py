"""Files of learned classes, kept whatever shards the classes are spread over."""

from pathlib import Path
from urllib.parse import quote

from sau.pipeline.personalise.sealed_tensors import load_sealed
from sau.pipeline.personalised import LEARNED_CLASSES


class LearnedClasses:
    """A folder beside the shards, with a folder for each class: its last file, or a checkpoint.

    A shard's own files are further names of these, so they cost no room of their own. They outlive
    Snakemake's removal of a job's outputs, and serve whichever shard a class is in.
    """

    def __init__(self, output: Path) -> None:
        """Args: the folder of any of the shards; nothing is read yet."""
        self._folder = output.with_name(LEARNED_CLASSES)

    def file(self, key: str, identity: str) -> Path:
        """Return where a class's file is, or is to be.

        Args:
            key: the class's name, unlike that of any other class.
            identity: hash of all that the file depends on.
        """
        # Without points, so that no name leads out of the folder.
        return self._folder / quote(key, safe=" ").replace(".", "%2E") / f"{identity}.safetensors"

    def holds(self, path: Path) -> bool:
        """Return whether a class's file is there as it was written; a damaged one is put aside."""
        return load_sealed(path) is not None

    def keep_only(self, path: Path) -> None:
        """Remove what was learned of a class otherwise than its file."""
        for other in path.parent.iterdir():
            if other.stem != path.stem and other.suffix in (".safetensors", ".checkpoint"):
                other.unlink(missing_ok=True)
