"""The lists of a training set's members: real images, and the synthetic ones that complete them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.methods.names import DataName
from sau.storage.manifest import read, read_metadata

COPIED_FACTS = (
    "dataset",
    "imbalance_factor",
    "requested_imbalance_factor",
    "data_seed",
    "real_counts",
    "synthetic_counts",
    "validation_counts",
)
"""Facts of the training set that its members' provenance hands on to the predictions'."""


def read_members(paths: Sequence[Path], data: DataName) -> pa.Table:
    """Read the members that a run trains on, all of them.

    Args:
        paths: manifests of members, in their order: the real ones, then their complement if the
            run needs it. Both may stand in one manifest.
        data: `real` allows no synthetic members; `balanced` wants a complement, which may be empty.

    Raises:
        UserError: fewer than two members, other kinds of them, or lists of two training sets.
    """
    members_facts(paths)
    table, where = read(paths, "members"), names_of(paths)
    if table.num_rows < 2:
        raise UserError(f"{where}: {table.num_rows} training images, expected at least 2")
    synthetic = bool(pc.any(table["is_synthetic"]).as_py())
    if data == "real" and synthetic:
        raise UserError(
            f"{where}: synthetic members, but the run trains on real images alone; leave the "
            "complement out of --members"
        )
    if data == "balanced" and not synthetic and len(paths) == 1:
        raise UserError(
            f"{where}: no synthetic members, but the run trains on the balanced set; give "
            "--members the manifest of the complement stage too"
        )
    return table


def members_facts(paths: Sequence[Path]) -> dict[str, Any]:
    """Return what the provenance of the lists tells of the training set: `COPIED_FACTS`.

    Raises:
        UserError: two lists that tell different things.
    """
    facts: dict[str, Any] = {}
    for path in paths:
        made = read_metadata(path)["provenance"]
        for key in (name for name in COPIED_FACTS if name in made):
            if facts.setdefault(key, made[key]) != made[key]:
                raise UserError(
                    f"{path}: its {key} is not that of {paths[0]}; give --members lists of one "
                    "training set"
                )
    return facts


def names_of(paths: Sequence[Path]) -> str:
    """Return the paths as text, for messages."""
    return ", ".join(str(path) for path in paths)
