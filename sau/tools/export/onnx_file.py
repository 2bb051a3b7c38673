"""The format `onnx`: one file from bytes of images to class probabilities."""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.onnx.errors

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.tools.export.deployed import TOLERANCE, deploy, largest_difference, probe_images
from sau.tools.export.torch_folder import check_same

FILE = "model.onnx"
OPSET = 18
"""The operators' version that PyTorch's exporter writes by itself."""

INPUT, OUTPUT = "images", "probabilities"


def write_onnx(model: TrainedModel, folder: Path) -> list[str]:
    """Write model.onnx: `images`, uint8 (N, 3, H, W), to `probabilities`, float32 (N, C).

    Args:
        model: what is exported.
        folder: an empty one.

    Returns: the packages that run it.

    Raises:
        UserError: a package is missing, or the file computes something else than the network.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 - of PyTorch's exporter
    except ImportError as error:
        raise UserError(
            f"--to onnx: the package {error.name} is not installed; install it with "
            "`pip install 'sau-longtail[export]'`"
        ) from error
    check_same(model)
    classifier, images = deploy(model), probe_images(model)
    names = {"class_names": "\n".join(model.class_names), "weights_sha256": model.weights_sha256}
    try:
        made = _converted(classifier, images)
    except torch.onnx.errors.OnnxExporterError as error:
        raise UserError(
            f"--to onnx: PyTorch {torch.__version__} cannot write {model.network.config.backbone} "
            "as ONNX; export it to torch or timm"
        ) from error
    _forget_source(made.graph)
    for key, value in names.items():
        made.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(made)
    path = folder / FILE
    path.write_bytes(made.SerializeToString(deterministic=True))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        for batch in (images, images[:1]):
            (found,) = session.run([OUTPUT], {INPUT: batch.numpy()})
            difference = largest_difference(torch.from_numpy(found), classifier(batch))
            if difference > TOLERANCE:
                raise UserError(
                    f"--to onnx: the file gives other probabilities than the network, by up to "
                    f"{difference:.2g}; export it to torch"
                )
    return ["onnxruntime"]


def _converted(classifier: torch.nn.Module, images: torch.Tensor) -> Any:
    """Return the ONNX model of a module, for any number of images."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                classifier,
                (images,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
    finally:
        exporter.setLevel(level)
    assert program is not None
    return program.model_proto


def _forget_source(graph: Any) -> None:
    """Remove where in which file on this machine each operator comes from."""
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*graph.value_info, *graph.input, *graph.output):
        del value.metadata_props[:]
    del graph.metadata_props[:]
