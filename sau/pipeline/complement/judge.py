"""What a judge outside of the run says that synthetic images truly show."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sau.core.errors import UserError
from sau.settings.names import did_you_mean

COLUMNS = ["id", "class"]


def read_judge(
    path: Path, ids: Sequence[str], class_names: Sequence[str]
) -> tuple[npt.NDArray[np.int64], str]:
    """Read the class that each image shows out of a CSV file with the columns id and class.

    Args:
        path: the file, in UTF-8; it may say more, of other images or in other columns.
        ids: N images, of which it must say the class.
        class_names: in label order; the file names classes so.

    Returns: labels, (N,), and the file's SHA-256 in hex.

    Raises:
        UserError: no such file, another form, an image twice or not at all, or an unknown class.
    """
    try:
        data = path.read_bytes()
        table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # of UTF-8 and of pandas too
        why = " ".join(str(error).split())
        raise UserError(
            f"complement.judge: {path}: no readable CSV file ({why}); give one with the columns "
            f"{' and '.join(COLUMNS)}"
        ) from error
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise UserError(
            f"complement.judge: {path}: no column {missing[0]!r}; expected {' and '.join(COLUMNS)}"
        )
    twice = table["id"][table["id"].duplicated()]
    if len(twice):
        raise UserError(f"complement.judge: {path}: id {twice.iloc[0]!r} twice; name each once")
    said = dict(zip(table["id"], table["class"], strict=True))
    unknown = [name for name in ids if name not in said]
    if unknown:
        raise UserError(
            f"complement.judge: {path}: {len(unknown)} of {len(ids)} synthetic images are not in "
            f"it, the first is {unknown[0]!r}; let the judge say the class of each"
        )
    number = {name: label for label, name in enumerate(class_names)}
    for name in ids:
        if said[name] not in number:
            question = did_you_mean(said[name], class_names)
            raise UserError(
                f"complement.judge: {path}: {name!r} shows {said[name]!r}, which is no class"
                + f"; {question}" * bool(question)
            )
    labels = np.array([number[said[name]] for name in ids], dtype=np.int64)
    return labels, hashlib.sha256(data).hexdigest()
