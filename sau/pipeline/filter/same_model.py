"""Embeddings can be compared only if one model made them."""

from collections.abc import Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.storage import manifest


def check_same_model(scores: Sequence[Path]) -> None:
    """Refuse scores of which some come from one CLIP and some from another.

    Args:
        scores: manifests of scores; those made without a scorer have no embeddings.

    Raises:
        UserError: two models, by the digest of their weights or, where they are not files of ours
            to read, by name.
    """
    models: dict[str, Path] = {}
    for path in scores:
        model = _model_of(path)
        if model is not None:
            models.setdefault(model, path)
    if len(models) > 1:
        (first, one), (second, other) = list(models.items())[:2]
        raise UserError(
            f"filter: {one} was scored with {first}, {other} with {second}; their embeddings "
            "cannot be compared: score both with one model"
        )


def _model_of(path: Path) -> str | None:
    made = manifest.read_metadata(path)["provenance"]
    settings = made.get("settings", {})
    if settings.get("scorer") != "open_clip":
        return None
    names = [str(settings.get(key) or "") for key in ("model", "pretrained")]
    name = " ".join(filter(None, names))
    weights = made.get("weights_sha256")
    return f"weights {weights[:16]}" if weights else name
