"""The model card of an exported folder: what the network is, from the record of its making."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sau
from sau.assets.shipped import SHIPPED
from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.pipeline.report.markdown import escape
from sau.pipeline.training.settings import TrainingSection
from sau.settings.section import default_of
from sau.sources.checks import read_text
from sau.storage.manifest.schemas import BEST_ON_VALIDATION
from sau.tools.export.own_test import chosen
from sau.tools.export.results import SHOWN_CLASSES, results
from sau.tools.hub_licences import hub_licence

NOT_SAID = "not recorded"
LIMITS = """
- It knows these classes and no others: an image of anything else gets one of them too.
- Its probabilities are those of a softmax; the calibration error, if it was measured, says how far
  to trust them.
- It was trained on a long tail: look at the recall of the classes with few training images before
  relying on them.
- Images from elsewhere than the training set (another camera, another style) may be harder than the
  figures say; measure it on your own with `sau evaluate`.
""".strip()

_TRANSFORM = (
    "The transform of this folder resizes in its own way, and does not turn images by EXIF; of "
    "images that are prepared so the network says what it said in training."
)
_WHO_RESIZES = {
    "onnx": "Do the same before the images go in; all that comes after is in the graph.",
    "torch": "`read_image` does it.",
    "timm": _TRANSFORM,
    "huggingface": _TRANSFORM,
}
"""By format, what is left to the reader."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """What a card says besides the model itself.

    `to`: the format; `usage`: lines of code that load the folder; `packages`: which they need;
    `metrics`: what `sau evaluate` wrote, or None; `licence` and `generator_licence`: of the weights
    and of the generator's, as somebody has told; empty if nobody has.
    """

    to: str
    usage: Sequence[str]
    packages: Sequence[str]
    metrics: Mapping[str, Any] | None
    licence: str
    generator_licence: str


def read_metrics(path: Path | None, model: TrainedModel) -> Mapping[str, Any] | None:
    """Return what `sau evaluate` has measured of a model.

    Args:
        path: metrics.json, or the folder that it stands in; None: nothing was measured.
        model: whose figures they must be.

    Raises:
        UserError: no such file, another one, or figures of other weights.
    """
    if path is None:
        return None
    file = path / "metrics.json" if path.is_dir() else path
    expected = "expected metrics.json of `sau evaluate`, or its folder"
    try:
        found = json.loads(read_text(file, "--metrics", "metrics.json of `sau evaluate`"))
        weights = found["model"]["weights_sha256"]
        for figure in found["figures"].values():
            low, high = figure["interval_95"]
            float(figure["value"] + low + high)
        int(found["images"]["read"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(f"--metrics: {file}: not readable; {expected}") from error
    if weights != model.weights_sha256:
        raise UserError(
            f"--metrics: {file}: of another network than {model.folder}, by the hash of its "
            "weights; measure this one"
        )
    return dict(found)


def card_text(model: TrainedModel, card: Card) -> str:
    """Return the card as Markdown, with the front matter that Hugging Face's Hub reads."""
    made = model.provenance
    parts = [
        _front_matter(card),
        f"# {_title(made)}",
        (
            f"An image classifier of {len(model.class_names)} classes, trained by sau "
            f"{escape(str(made.get('code', {}).get('sau', sau.__version__)))} and exported to "
            f"`{card.to}`. It needs {', '.join(card.packages)}."
        ),
        "\n".join(["```python", *card.usage, "```"]),
        *_expects(model, card),
        *_trained_on(made),
        *_trained_how(model),
        *results(model, card.metrics),
        "## Limits",
        LIMITS,
        *_licences(made, card),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(card: Card) -> str:
    library = {"timm": "timm", "huggingface": "timm", "onnx": "onnx"}.get(card.to, "pytorch")
    licence = hub_licence(card.licence)
    lines = [
        "pipeline_tag: image-classification",
        f"library_name: {library}",
        *(f"{key}: {json.dumps(value)}" for key, value in licence.items()),
    ]
    return "\n".join(["---", *lines, "tags: [image-classification, long-tailed]", "---"])


def _title(made: Mapping[str, Any]) -> str:
    name, data = made.get("run") or _settings(made).get("method"), made.get("dataset")
    return escape(" on ".join(str(part) for part in (name, data) if part) or "An image classifier")


def _settings(made: Mapping[str, Any]) -> dict[str, Any]:
    return dict(made.get("settings", {}))


def _expects(model: TrainedModel, card: Card) -> list[str]:
    height, width = model.preprocessing.size
    names = [escape(name) for name in model.class_names[:SHOWN_CLASSES]]
    more = len(model.class_names) - len(names)
    classes = ", ".join(names) + (f" and {more} more" if more else "")
    return [
        "## What it expects",
        (
            f"RGB images of {width} x {height} pixels. Those of training were brought to that "
            "size so: upright by EXIF, transparency on white, the shorter side resized with "
            f"Lanczos, the centre cut out. {_WHO_RESIZES[card.to]}"
        ),
        f"Classes, in the order of the outputs: {classes}.",
    ]


def _trained_on(made: Mapping[str, Any]) -> list[str]:
    rows = {
        "data set": made.get("dataset"),
        "imbalance factor": made.get("requested_imbalance_factor"),
        "real training images": _sum_and_span(made.get("real_counts")),
        "generated training images": _sum_and_span(made.get("synthetic_counts")),
        "held out for validation": made.get("validation_images"),
        "generated by": _generators(made),
    }
    hashes = {
        f"hash of {name.replace('_', ' ')}": ", ".join(f"`{digest[:16]}`" for digest in digests)
        for name, digests in made.get("inputs", {}).items()
        if digests
    }
    return ["## Training data", _table(rows, hashes)]


def _trained_how(model: TrainedModel) -> list[str]:
    made, config = model.provenance, model.network.config
    settings = _settings(made)
    facts = {
        "method": settings.get("method"),
        "backbone": config.backbone + (f", width {config.width}" if config.width else ""),
        "parameters": made.get("parameters"),
        "epochs": settings.get("epochs"),
        "weights": _of_epoch(*chosen(model)),
        "seed": made.get("seed"),
        "starts from": _start(made),
    }
    known = TrainingSection.model_fields
    others = [
        f"`{name}: {json.dumps(value)}`"
        for name, value in sorted(settings.items())
        if name not in known or value != default_of(TrainingSection, name)
    ]
    versions = ", ".join(f"{n} {v}" for n, v in sorted(made.get("versions", {}).items()))
    return [
        "## Training",
        _table(facts, {"SHA-256 of the weights": f"`{model.weights_sha256}`"}),
        f"Settings other than sau's defaults: {', '.join(others)}." if others else "",
        f"Versions: {escape(versions)}." if versions else "",
    ]


def _of_epoch(selection: str, epoch: int | None) -> str | None:
    if epoch is None:
        return None
    why = ", the best on validation images" if selection == BEST_ON_VALIDATION else ""
    return f"of epoch {epoch}{why}"


def _licences(made: Mapping[str, Any], card: Card) -> list[str]:
    lines = [
        f"- These weights: {escape(card.licence or NOT_SAID)}.",
        "- The code in this folder, and sau: Apache-2.0.",
    ]
    if "pretrained" in made:
        licence = str(made["pretrained"].get("licence") or NOT_SAID)
        lines.append(f"- The weights that training started from: {escape(licence)}.")
    makers = made.get("generated_by") or []
    drawn = [each for each in makers if each.get("source") != "imported"]
    for each in makers:
        # What is told is a generator's, and says nothing of images from elsewhere beside it.
        told = card.generator_licence if each in drawn or not drawn else ""
        licence = told or ("Apache-2.0" if _model_of(each) in SHIPPED else NOT_SAID)
        name = f" ({escape(_maker(each))})" if _maker(each) else ""
        lines.append(f"- What made synthetic images{name}: {escape(licence)}.")
    return ["## Licences", "\n".join(lines)]


def _generators(made: Mapping[str, Any]) -> str | None:
    texts = []
    for each in made.get("generated_by") or []:
        digests = ", ".join(digest[:16] for digest in each.get("weights_sha256", []))
        name = _maker(each)
        texts.append(f"{name} (weights {digests})" if digests else name)
    return "; ".join(filter(None, texts)) or None


def _maker(made: Mapping[str, Any]) -> str:
    """Return the source of images and the model, if one is known."""
    return " ".join(filter(None, (str(made.get("source") or ""), _model_of(made))))


def _model_of(made: Mapping[str, Any]) -> str:
    """Return the model that drew images; of imported ones none is known, whatever is set."""
    return "" if made.get("source") == "imported" else str(made.get("model") or "")


def _start(made: Mapping[str, Any]) -> str | None:
    for key in ("pretrained", "start_from"):
        if key in made:
            return ", ".join(
                f"{name} {value}" for name, value in sorted(made[key].items()) if value
            )
    return None


def _sum_and_span(counts: Sequence[int] | None) -> str | None:
    if not counts:
        return None
    return f"{sum(counts)}, of a class {min(counts)} to {max(counts)}"


def _table(rows: Mapping[str, Any], more: Mapping[str, str]) -> str:
    """Return a table of what is known; `more` is Markdown already."""
    told = {name: escape(str(value)) for name, value in rows.items() if value not in (None, "")}
    lines = [f"| {name} | {text} |" for name, text in {**told, **more}.items()]
    return "\n".join(["| | |", "| - | - |", *lines])
