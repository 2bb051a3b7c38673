"""The columns of every table that one stage hands to another."""

import pyarrow as pa

SCHEMA_VERSION = 13
"""Version of all schemas below; raise it with any change, so that older files are refused."""

STATUS_OK = "ok"
STATUS_FAILED = "failed"
STATUS_UNSCORED = "unscored"

LAST = "last"
BEST_ON_VALIDATION = "best_on_validation"
BEST_ON_TEST = "best_on_test"
SELECTIONS = (LAST, BEST_ON_VALIDATION, BEST_ON_TEST)
"""The epochs whose test predictions are kept; the second only where there is a validation split."""

_WHEN = {
    LAST: "last epoch",
    BEST_ON_VALIDATION: "at the epoch with the best top-1 on held-out training images, null "
    "without a validation split",
    BEST_ON_TEST: "at the epoch with the best test top-1, chosen on the test set",
}

FIGURES = {
    "top1": "percent; of a class it is its recall",
    "balanced_accuracy": "mean over classes of the recall, percent",
    "macro_f1": "mean over classes of F1 on the whole test set, percent",
    "ece": "expected calibration error, 15 bins, percent",
    "aurc": "area under the risk-coverage curve, percent",
    "nll": "mean negative log-likelihood, nats",
}
"""What a run's predictions are measured by, for each selection."""

CLASSIFIED = ("entropy", "agreement", "loss")
"""Columns of the scores that networks trained on the long tail give, not CLIP."""

FILTER_RULES = {
    "blank": "hardly any contrast",
    "dark": "too dark",
    "blurred": "too little sharpness",
    "leak": "near a real test image",
    "threshold": "score below a threshold",
    "zero_shot": "CLIP takes it for another class",
    "margin": "margin below a threshold",
    "agreement": "classifiers take it for another class",
    "loss": "classifiers' loss above a threshold",
    "entropy": "classifiers are sure of it",
    "helpful": "not among the share of its class that helps most",
    "near_duplicate": "near a better image of its class",
    "top_fraction": "not among the best share of its class",
    "quota": "its class is full without it",
}
"""The filter's rules in the order in which they are asked, and what each rejects."""

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def _column(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"description": description})


def _measure(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return _column(name, kind, f"{description}; null where not measured", nullable=True)


def _rule(name: str, rejects: str) -> pa.Field:
    return _column(name, pa.string(), f"why rejected: {rejects}; null if not", nullable=True)


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
                "attributes",
                pa.string(),
                "the phrase of each attribute in it, a JSON object; null if it has none",
                nullable=True,
            ),
            _column(
                "source",
                pa.string(),
                "what made it: template, llm, grid (a template with a language model's phrases), "
                "or template_after_llm where no answer would do",
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
            _column(
                "seed",
                pa.int64(),
                "seed it was generated from; null of a real image and of an imported one",
                nullable=True,
            ),
            _column(
                "guide",
                pa.string(),
                "id of the training image that it was drawn from, if any",
                nullable=True,
            ),
            _column(
                "guide_sha256", pa.string(), "SHA-256 of that image's encoded bytes", nullable=True
            ),
            _column("width", pa.int32(), "pixels; null if failed", nullable=True),
            _column("height", pa.int32(), "pixels; null if failed", nullable=True),
            _column("status", pa.string(), "ok or failed"),
            _column("reason", pa.string(), "why it failed; null if ok", nullable=True),
        ]
    ),
    "draws": pa.schema(
        [
            _LABEL,
            _column("needed", pa.int64(), "synthetic images that the class lacks in the long tail"),
            _column("before", pa.int64(), "images drawn in the rounds before"),
            _column("kept", pa.int64(), "those of them that the filter kept"),
            _column("draws", pa.int64(), "images that this round draws"),
        ]
    ),
    "scores": pa.schema(
        [
            _ID,
            _LABEL,
            _measure("score", pa.float32(), "cosine of image and its own prompt, -1 to 1"),
            _measure(
                "class_score",
                pa.float32(),
                "cosine of image and its class's text, the mean of an ensemble of templates",
            ),
            _measure("zero_shot", pa.int32(), "class whose text has the highest cosine"),
            _measure("zero_shot_probability", pa.float32(), "softmax probability of that class"),
            _measure(
                "margin",
                pa.float32(),
                "class_score minus the highest cosine with another class's text, -2 to 2",
            ),
            _measure(
                "entropy", pa.float32(), "of the classifiers' mean probabilities, nats, 0 to ln C"
            ),
            _measure(
                "agreement",
                pa.float32(),
                "share of the classifiers that take it for its own class, 0 to 1",
            ),
            _measure(
                "loss",
                pa.float32(),
                "-ln of the classifiers' mean probability of its own class, nats",
            ),
            _measure("embedding", pa.list_(pa.float16()), "CLIP's, of unit length"),
            _measure("perceptual_hash", pa.int64(), "64 bits of imagehash.phash"),
            _measure("brightness", pa.float32(), "mean of the grey levels, 0 to 1"),
            _measure("contrast", pa.float32(), "standard deviation of the grey levels, 0 to 0.5"),
            _measure("sharpness", pa.float32(), "variance of the grey levels' Laplacian"),
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
            *(_rule(name, what) for name, what in FILTER_RULES.items()),
            _column("kept", pa.bool_(), "whether the image may be trained on"),
            _column("reason", pa.string(), "the first rule that rejects it, or why it is kept"),
        ]
    ),
    "members": pa.schema(
        [
            _ID,
            _LABEL,
            _column("is_synthetic", pa.bool_(), "generated rather than real"),
            _column("score", pa.float32(), "copied from kept; null if real", nullable=True),
            _column(
                "true_label",
                pa.int32(),
                "class that it truly shows, where labels were swapped or a judge says it; null "
                "where nobody does",
                nullable=True,
            ),
        ]
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
            _column("label_probability", pa.float32(), "likewise, of the true class"),
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
    "influence": pa.schema(
        [
            _ID,
            _LABEL,
            _column(
                "influence",
                pa.float32(),
                "by how much it lowers the loss on validation images, nats for a learning rate of "
                "1, to first order; above 0 it helps",
            ),
        ]
    ),
    "label_correction": pa.schema(
        [
            _EPOCH,
            _LABEL,
            _column("synthetic", pa.int64(), "synthetic samples of the class seen in the epoch"),
            _column("noise", pa.int64(), "those that label correction called noise"),
            _column(
                "wrong",
                pa.int64(),
                "synthetic samples that are truly not of the class; null where nobody knows",
                nullable=True,
            ),
            _column(
                "found", pa.int64(), "those of them that it called noise; likewise", nullable=True
            ),
        ]
    ),
    "metrics": pa.schema(
        [
            _column("split", pa.string(), "all, many, medium, few, or class"),
            _column("label", pa.int32(), "class index where split is class", nullable=True),
            _column("train_real", pa.int64(), "real training images of these classes"),
            _column("train_synthetic", pa.int64(), "synthetic training images of these classes"),
            _column("test_images", pa.int64(), "test images of these classes"),
            *(
                _column(f"{figure}_{name}", pa.float64(), f"{what}; {when}", nullable=True)
                for figure, what in FIGURES.items()
                for name, when in _WHEN.items()
            ),
        ]
    ),
}

ID_COLUMNS: dict[str, list[str]] = {
    "prompts": ["id"],
    "images": ["id"],
    "draws": ["label"],
    "scores": ["id"],
    "kept": ["id"],
    "members": ["id"],
    "predictions": ["selection", "id"],
    "history": ["epoch", "name"],
    "influence": ["id"],
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
        "guide": {"dtype": "string", "_type": "Value"},
        "guide_sha256": {"dtype": "string", "_type": "Value"},
        "width": {"dtype": "int32", "_type": "Value"},
        "height": {"dtype": "int32", "_type": "Value"},
        "status": {"dtype": "string", "_type": "Value"},
        "reason": {"dtype": "string", "_type": "Value"},
    }
}
"""What `datasets` reads from the file's metadata to show the image column as images."""
