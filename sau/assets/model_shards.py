"""Weights that lie in several files, and the index that says which lies where."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from sau.assets.model_code import read_json
from sau.core.errors import UserError
from sau.core.unloadable import reason_of

INDEX = ".index.json"
"""How names of such an index end, after that of the file that it stands for."""

OF_DIFFUSERS = "diffusion_pytorch_model"
"""How names of diffusers' own begin. It takes an index's word for what the files hold; transformers
looks into them, and has published indices that name a tied weight twice."""


def refuse_odd_shards(path: Path, folder: Path, where: str) -> None:
    """Refuse a file of a model's folder if it is an index that does not fit the files it names.

    Libraries open whatever it names.

    Args:
        path: any file of the folder.
        folder: the model's.
        where: setting and folder, for the message.

    Raises:
        UserError: a file that is named is not beside the index, or holds other weights than said.
    """
    if not path.name.endswith(INDEX):
        return
    what = f"{where}{path.relative_to(folder)}"
    for name, keys in _keys_by_file(read_json(path, what), what).items():
        shard = path.parent / name if name == Path(name).name else None
        if shard is None or not shard.is_file():
            raise UserError(
                f"{what} names {name!r}, which is no file beside it; fetch or copy the model again"
            )
        if shard.suffix == ".safetensors" and path.name.startswith(OF_DIFFUSERS):
            _refuse_other_weights(shard, keys, f"{where}{shard.relative_to(folder)}")


def _keys_by_file(index: Any, what: str) -> dict[str, set[str]]:
    """Return which weights each file should hold."""
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not all(isinstance(one, str) for one in places.values()):
        raise UserError(
            f"{what} is no index of weights, which maps each to its file in 'weight_map'; fetch or "
            "copy the model again"
        )
    found: dict[str, set[str]] = {}
    for key, name in places.items():
        found.setdefault(name, set()).add(key)
    return found


def _refuse_other_weights(shard: Path, keys: set[str], what: str) -> None:
    try:
        with safe_open(shard, framework="pt") as file:
            held = set(file.keys())
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{what}: {reason_of(error)}; fetch or copy the model again, it is cut or damaged"
        ) from error
    for problem, names in (("lacks", keys - held), ("has unexpected", held - keys)):
        if names:
            raise UserError(
                f"{what} {problem} weights, {len(names)} of them, such as {min(names)!r}, unlike "
                "what its index says; fetch or copy the model again"
            )
