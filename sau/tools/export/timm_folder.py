"""The formats `timm` and `huggingface`: a folder that timm and transformers load as their own."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.networks.saved import contiguous_state
from sau.tools.export.deployed import (
    TOLERANCE,
    deploy,
    encoder_config,
    largest_difference,
    linear_classifier,
    probe_images,
)

TEST_SHARE = 224 / 256


def write_timm(model: TrainedModel, folder: Path) -> list[str]:
    """Write config.json and model.safetensors in timm's own form; return the packages.

    Args:
        model: what is exported.
        folder: an empty one.

    Raises:
        UserError: a network that timm cannot build.
    """
    return _write(model, folder, "timm", {})


def write_hugging_face(model: TrainedModel, folder: Path) -> list[str]:
    """Write the same with what transformers wants to know; timm loads it too."""
    facts = {"model_type": "timm_wrapper", "architectures": ["TimmWrapperForImageClassification"]}
    return ["transformers", *_write(model, folder, "huggingface", facts)]


def _write(model: TrainedModel, folder: Path, to: str, facts: dict[str, Any]) -> list[str]:
    network, arguments = timm_network(model, to)
    config = timm_config(model, network, arguments) | facts
    (folder / "model.safetensors").write_bytes(save(contiguous_state(network), {"format": "pt"}))
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    return ["torch", "timm", "safetensors"]


def timm_network(model: TrainedModel, to: str) -> tuple[nn.Module, dict[str, Any]]:
    """Return timm's model with the network's weights, in eval mode, and what it was built with.

    Args:
        model: what is exported.
        to: the format, for messages.

    Raises:
        UserError: timm has no such network, or its classifier is no plain linear layer.
    """
    encoder, network = encoder_config(model), model.network
    where = f"--to {to}: "
    if encoder["library"] not in ("timm", "torchvision"):
        raise UserError(
            f"{where}timm cannot build {network.config.backbone}; export it to torch or onnx"
        )
    if network.config.classifier != "linear":
        raise UserError(
            f"{where}timm's classifiers are linear, this network has a "
            f"{network.config.classifier} one; export it to torch or onnx"
        )
    try:
        import timm
    except ImportError as error:
        raise UserError(
            f"{where}the package timm is not installed; install it with `pip install timm`"
        ) from error
    classes, arguments = len(model.class_names), encoder["arguments"]
    made = timm.create_model(encoder["name"], pretrained=False, num_classes=classes, **arguments)
    classifier = linear_classifier(made)
    if classifier is None or classifier.weight.shape != network.classifier.weight.shape:
        raise UserError(
            f"{where}timm's {encoder['name']} has no single linear classifier behind the features; "
            "export it to torch or onnx"
        )
    own = {id(parameter) for parameter in classifier.parameters()}
    heads = [name for name, parameter in made.named_parameters() if id(parameter) in own]
    weights = network.classifier.weight, network.classifier.bias
    of_head = {
        name: dict(zip(("weight", "bias"), weights, strict=True))[name.rpartition(".")[2]]
        for name in heads
    }
    body: nn.Module = network.encoder.network  # type: ignore[assignment]
    try:
        made.load_state_dict({**body.state_dict(), **of_head})
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(
            f"{where}timm's {encoder['name']} has other weights ({reason}); export it to torch or "
            "onnx"
        ) from error
    _check_same(model, made.eval(), where)
    return made, arguments


@torch.no_grad()
def _check_same(model: TrainedModel, made: nn.Module, where: str) -> None:
    """Refuse a network of timm that gives other scores than this one."""
    plain = deploy(model)
    view = (plain.view(probe_images(model) / 255) - plain.mean) / plain.std
    difference = largest_difference(plain.scores(view), made(plain.entrance(view)))
    if difference > TOLERANCE:
        raise UserError(
            f"{where}timm's network gives other scores, by up to {difference:.2g}; export it to "
            "torch or onnx"
        )


def timm_config(
    model: TrainedModel, network: nn.Module, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Return config.json as `timm.models.save_for_hf` would write it, with the preprocessing.

    Args:
        model: what is exported.
        network: timm's.
        arguments: that it was built with, besides the number of classes.
    """
    preprocessing, config = model.preprocessing, model.network.config
    crop, inside = preprocessing.crop_size, getattr(config, "input_size", None)
    size = [inside or crop or side for side in preprocessing.size]
    cfg: dict[str, Any] = dict(network.pretrained_cfg)  # type: ignore[arg-type]
    return {
        "architecture": str(encoder_config(model)["name"]).partition(".")[0],
        "num_classes": len(model.class_names),
        "num_features": network.num_features,
        "label_names": model.class_names,
        **({"model_args": arguments} if arguments else {}),
        "pretrained_cfg": {
            "input_size": [3, *size],
            "fixed_input_size": bool(cfg.get("fixed_input_size", False)),
            "interpolation": getattr(config, "interpolation", "lanczos") if inside else "lanczos",
            "crop_pct": TEST_SHARE if crop else 1.0,
            "crop_mode": "center",
            "mean": preprocessing.mean,
            "std": preprocessing.std,
            "num_classes": len(model.class_names),
            "first_conv": cfg.get("first_conv"),
            "classifier": cfg.get("classifier"),
        },
    }
