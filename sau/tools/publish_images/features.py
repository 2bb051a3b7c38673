"""The columns of a published data set, in the words of Arrow, of `datasets` and of the Hub."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

COLUMNS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("image", _IMAGE, "the picture, as it was drawn"),
    ("label", pa.int64(), "class it was drawn for"),
    ("id", pa.string(), "stable across runs, and unique"),
    ("prompt", pa.string(), "text it was generated from, if any"),
    ("seed", pa.int64(), "seed it was generated from, if any"),
    ("generator", pa.string(), "model that drew it, or imported"),
    ("generator_licence", pa.string(), "of that model, if it is known"),
    ("score", pa.float32(), "cosine of CLIP's embeddings of image and prompt, or class"),
    ("rank", pa.int32(), "by that score within its class, best is 1"),
    ("class_score", pa.float32(), "cosine of image and its class's text"),
    ("zero_shot", pa.string(), "class whose text CLIP finds nearest"),
    ("zero_shot_probability", pa.float32(), "softmax probability of that class"),
    ("margin", pa.float32(), "class_score minus the highest cosine with another class's text"),
    ("entropy", pa.float32(), "of the mean probabilities of classifiers, nats"),
    ("agreement", pa.float32(), "share of the classifiers that take it for its class"),
    ("loss", pa.float32(), "-ln of the classifiers' mean probability of its class, nats"),
    ("perceptual_hash", pa.int64(), "64 bits of imagehash.phash"),
    ("brightness", pa.float32(), "mean of the grey levels, 0 to 1"),
    ("contrast", pa.float32(), "standard deviation of the grey levels"),
    ("sharpness", pa.float32(), "variance of the grey levels' Laplacian"),
    ("reason", pa.string(), "why the filter kept it"),
    ("sha256", pa.string(), "of the picture's bytes"),
    ("width", pa.int32(), "pixels"),
    ("height", pa.int32(), "pixels"),
)
"""Name, type and meaning; null where nothing was measured."""


def schema_of(class_names: Sequence[str]) -> pa.Schema:
    """Return the schema of the Parquet files, whose metadata `datasets` reads."""
    fields = [pa.field(name, kind) for name, kind, _ in COLUMNS]
    features = {name: _feature(name, kind, class_names) for name, kind, _ in COLUMNS}
    said = json.dumps({"info": {"features": features}}, ensure_ascii=False)
    return pa.schema(fields, {"huggingface": said})


def features_on_card(class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the features as the Hub's data cards list them."""
    names = {str(label): name for label, name in enumerate(class_names)}
    special = {"image": "image", "label": {"class_label": {"names": names}}}
    return [{"name": name, "dtype": special.get(name, _dtype(kind))} for name, kind, _ in COLUMNS]


def _feature(name: str, kind: pa.DataType, class_names: Sequence[str]) -> dict[str, Any]:
    if name == "image":
        return {"_type": "Image"}
    if name == "label":
        return {"names": list(class_names), "_type": "ClassLabel"}
    return {"dtype": _dtype(kind), "_type": "Value"}


def _dtype(kind: pa.DataType) -> str:
    return {"float": "float32"}.get(str(kind), str(kind))
