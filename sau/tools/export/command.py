"""The command `sau export`."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.settings.names import did_you_mean
from sau.storage.folders import check_place, new_folder
from sau.tools.export.card import Card, card_text, read_metrics
from sau.tools.export.onnx_file import write_onnx
from sau.tools.export.timm_folder import write_hugging_face, write_timm
from sau.tools.export.torch_folder import write_torch

log = logging.getLogger(__name__)


class Format(NamedTuple):
    """What writes a format into an empty folder and returns the packages, and how it is loaded."""

    write: Callable[[TrainedModel, Path], list[str]]
    usage: tuple[str, ...]


FORMATS = {
    "onnx": Format(
        write_onnx,
        (
            "import onnxruntime",
            "",
            'session = onnxruntime.InferenceSession("model.onnx")',
            "# images: uint8 (N, 3, height, width), 0 to 255, RGB",
            '(probabilities,) = session.run(["probabilities"], {"images": images})',
        ),
    ),
    "torch": Format(
        write_torch,
        (
            "from model import load, read_image",
            "",
            'classifier = load(".")',
            'probabilities = classifier(read_image("photo.jpg", classifier.size)[None])[0]',
            "print(classifier.class_names[int(probabilities.argmax())])",
        ),
    ),
    "timm": Format(
        write_timm,
        (
            "import timm",
            "",
            'model = timm.create_model("local-dir:FOLDER", pretrained=True).eval()',
            "transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))",
            "scores = model(transform(image)[None])  # image: PIL, RGB",
        ),
    ),
    "huggingface": Format(
        write_hugging_face,
        (
            "from transformers import pipeline",
            "",
            'classify = pipeline("image-classification", "FOLDER")',
            'print(classify("photo.jpg"))',
        ),
    ),
}


def export(
    model: Path,
    /,
    *,
    to: str,
    output: Path,
    metrics: Path | None = None,
    licence: str = "",
    generator_licence: str = "",
) -> None:
    """Write a trained network as a folder that other programs load without sau.

    What is written is loaded and compared with the network first. Each folder has a model card,
    README.md, from the record of the training.

    Args:
        model: folder that the training stage wrote.
        to: onnx, torch, timm or huggingface.
        output: folder to write; must not be there, or be empty.
        metrics: what `sau evaluate` has written of this model, for the card.
        licence: of the weights, for the card, such as cc-by-4.0.
        generator_licence: of what made the synthetic training images, for the card.

    Raises:
        UserError: no such format, or one that this network cannot have; no model; a package that
            is missing; or an output folder with something in it.
    """
    if to not in FORMATS:
        question = did_you_mean(to, FORMATS)
        raise UserError(
            f"--to: {to!r}, expected {', '.join(FORMATS)}" + (f" ({question})" if question else "")
        )
    check_place(output)
    trained = TrainedModel.load(model, "MODEL")
    measured = read_metrics(metrics, trained)
    write, usage = FORMATS[to]
    with new_folder(output) as temporary:
        packages = write(trained, temporary)
        card = Card(
            to=to,
            usage=usage,
            packages=packages,
            metrics=measured,
            licence=licence,
            generator_licence=generator_licence,
        )
        (temporary / "README.md").write_text(card_text(trained, card), encoding="utf-8")
        files = sorted(path.name for path in temporary.iterdir())
    log.info("%s: %s", output, ", ".join(files))
