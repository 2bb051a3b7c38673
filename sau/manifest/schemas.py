"""The columns of every table that one stage hands to another."""

import pyarrow as pa

SCHEMA_VERSION = 3
"""Version of all schemas below; raise it with any change, so that older files are refused."""

STATUS_OK = "ok"
STATUS_FAILED = "failed"
STATUS_UNSCORED = "unscored"

LAST = "last"
BEST_ON_VALIDATION = "best_on_validation"
BEST_ON_TEST = "best_on_test"
SELECTIONS = (LAST, BEST_ON_VALIDATION, BEST_ON_TEST)
"""The epochs whose test predictions are kept; the second only where there is a validation split."""

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def _column(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"description": description})


_ID = _column("id", pa.string(), "stable across runs and unique in the data set")
_LABEL = _column("label", pa.int32(), "class index, from 0")
_EPOCH = _column("epoch", pa.int32(), "from 1; the number of epochs trained")

SCHEMAS: dict[str, pa.Schema] = {
    "prompts": pa.schema(
        [
            _ID,
            _LABEL,
            _column("class_name", pa.string(), "as prompts have it, or one of its synonyms"),
            _column("prompt", pa.string(), "the text that the image is generated from"),
            _column(
                "source",
                pa.string(),
                "what made it: template, llm, or template_after_llm where no answer would do",
            ),
            _column(
                "reason",
                pa.string(),
                "why no answer would do; null unless template_after_llm",
                nullable=True,
            ),
        ]
    ),
    "images": pa.schema(
        [
            _ID,
            _column("image", _IMAGE, "encoded bytes, RGB; null if failed", nullable=True),
            _LABEL,
            _column("prompt", pa.string(), "text it was generated from, if any", nullable=True),
            _column("seed", pa.int64(), "seed it was generated from, if any", nullable=True),
            _column("width", pa.int32(), "pixels; null if failed", nullable=True),
            _column("height", pa.int32(), "pixels; null if failed", nullable=True),
            _column("status", pa.string(), "ok or failed"),
            _column("reason", pa.string(), "why it failed; null if ok", nullable=True),
        ]
    ),
    "scores": pa.schema(
        [
            _ID,
            _LABEL,
            _column(
                "score",
                pa.float32(),
                "cosine of image and prompt, -1 to 1; null without a scorer or a readable image",
                nullable=True,
            ),
            _column("status", pa.string(), "ok, failed, or unscored where no scorer is set"),
            _column("reason", pa.string(), "why it failed; null if ok", nullable=True),
        ]
    ),
    "kept": pa.schema(
        [
            _ID,
            _LABEL,
            _column("score", pa.float32(), "copied from scores", nullable=True),
            _column("rank", pa.int32(), "within the class, best is 1; null if none", nullable=True),
            _column("kept", pa.bool_(), "whether the image may be trained on"),
            _column("reason", pa.string(), "the rule that decided"),
        ]
    ),
    "members": pa.schema(
        [_ID, _LABEL, _column("is_synthetic", pa.bool_(), "generated rather than real")]
    ),
    "predictions": pa.schema(
        [
            _column(
                "selection",
                pa.string(),
                "last, best_on_test, or best_on_validation where there is a validation split",
            ),
            _EPOCH,
            _ID,
            _LABEL,
            _column("predicted", pa.int32(), "class of the highest score"),
            _column("confidence", pa.float32(), "softmax probability of that class, 0 to 1"),
        ]
    ),
    "history": pa.schema(
        [
            _EPOCH,
            _column("name", pa.string(), "quantity, such as loss/total or test/top1"),
            _column(
                "value",
                pa.float64(),
                "mean over the epoch; top-1 in percent, validation/top1 as the mean over classes",
            ),
        ]
    ),
    "label_correction": pa.schema(
        [
            _EPOCH,
            _LABEL,
            _column("synthetic", pa.int64(), "synthetic samples of the class seen in the epoch"),
            _column("noise", pa.int64(), "those that label correction called noise"),
        ]
    ),
    "metrics": pa.schema(
        [
            _column("split", pa.string(), "all, many, medium, few, or class"),
            _column("label", pa.int32(), "class index where split is class", nullable=True),
            _column("train_real", pa.int64(), "real training images of these classes"),
            _column("train_synthetic", pa.int64(), "synthetic training images of these classes"),
            _column("test_images", pa.int64(), "test images of these classes"),
            _column("top1_last", pa.float64(), "percent, last epoch", nullable=True),
            _column(
                "top1_best_on_validation",
                pa.float64(),
                "percent, at the epoch with the best top-1 on held-out training images; null "
                "without a validation split",
                nullable=True,
            ),
            _column(
                "top1_best_on_test",
                pa.float64(),
                "percent, at the epoch with the best test top-1: chosen on the test set",
                nullable=True,
            ),
        ]
    ),
}

ID_COLUMNS: dict[str, list[str]] = {
    "prompts": ["id"],
    "images": ["id"],
    "scores": ["id"],
    "kept": ["id"],
    "members": ["id"],
    "predictions": ["selection", "id"],
    "history": ["epoch", "name"],
    "label_correction": ["epoch", "label"],
    "metrics": ["split", "label"],
}
"""The columns that together name a row; no two rows of a file share them."""

HUGGING_FACE_FEATURES: dict[str, dict[str, object]] = {
    "images": {
        "id": {"dtype": "string", "_type": "Value"},
        "image": {"_type": "Image"},
        "label": {"dtype": "int32", "_type": "Value"},
        "prompt": {"dtype": "string", "_type": "Value"},
        "seed": {"dtype": "int64", "_type": "Value"},
        "width": {"dtype": "int32", "_type": "Value"},
        "height": {"dtype": "int32", "_type": "Value"},
        "status": {"dtype": "string", "_type": "Value"},
        "reason": {"dtype": "string", "_type": "Value"},
    }
}
"""What `datasets` reads from the file's metadata to show the image column as images."""
