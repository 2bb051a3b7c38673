"""What a config needs that this machine may lack."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import torch

from sau.assets.shipped import SHIPPED
from sau.config import Config
from sau.core.errors import UserError
from sau.neighbours.backends import load_faiss
from sau.pipeline.prompts.llm.key import read_key
from sau.tools.doctor.finding import Finding, absent, bad, good
from sau.tools.doctor.machine import cached_models, disk
from sau.tools.doctor.weights import weights_of


def needs_of(config: Config) -> Iterator[Finding]:
    """Yield a finding for each thing that a run of this config needs."""
    rows = [config.training.runs[name] for name in config.row_names()]
    synthetic = config.wants_synthetic()
    yield good(f"config: {len(rows)} rows, {_runs(config)} runs")
    yield from disk(Path(config.experiment.results))
    yield from _devices(config, synthetic=synthetic)
    yield from weights_of(config, rows)
    if any(row.options.get("backend", "") == "faiss" for row in rows):
        yield from _faiss(rows[0].device)
    if synthetic and config.images.source != "imported":
        yield from _key(config)
        yield from _model("images.model", config.images.model)
    if synthetic and config.scores.scorer == "open_clip":
        yield from _scorer(config)


def _runs(config: Config) -> int:
    grid = config.experiment
    seeds = len(grid.data_seeds) * len(grid.seeds)
    return len(config.row_names()) * len(grid.imbalance_factors) * seeds


def _devices(config: Config, *, synthetic: bool) -> Iterator[Finding]:
    wanted = {
        f"training.runs.{name}.device": config.training.runs[name].device
        for name in config.row_names()
    }
    if synthetic:
        wanted["images.device"] = config.images.device
        wanted["scores.device"] = config.scores.device
    if config.influence.row:
        wanted["influence.device"] = config.influence.device
    on_gpu = [key for key, device in wanted.items() if device == "cuda"]
    if on_gpu and not torch.cuda.is_available():
        yield bad(
            f"{on_gpu[0]}: cuda, but PyTorch finds no GPU ({len(on_gpu)} such keys)",
            "set it to cpu, or install a driver and a CUDA build of PyTorch",
        )
    elif on_gpu:
        yield good(f"GPU for {', '.join(on_gpu)}")


def _faiss(device: str) -> Iterator[Finding]:
    if device == "cuda" and not torch.cuda.is_available():
        return  # said already
    try:
        load_faiss(torch.device(device))
    except ValueError as error:
        yield bad(f"options.{error}", "")


def _key(config: Config) -> Iterator[Finding]:
    if config.prompts.source == "template":
        return
    try:
        read_key(config.prompts)
    except UserError as error:
        yield bad(str(error), "")
    else:
        yield good("key of the language model")


def _scorer(config: Config) -> Iterator[Finding]:
    model, tag = config.scores.model, config.scores.pretrained
    if not tag or os.path.lexists(tag):
        yield from _model("scores.model", tag or model)
        return
    yield from _cached(f"scores.model {model} {tag}", _hub_name(model, tag))


def _hub_name(model: str, tag: str) -> str:
    """Return where open_clip downloads weights from, empty if it is not the Hugging Face Hub."""
    if importlib.util.find_spec("open_clip") is None:
        return ""
    import open_clip

    facts = open_clip.get_pretrained_cfg(model, tag) or {}
    return str(facts.get("hf_hub", "")).rstrip("/")


def _model(key: str, name: str) -> Iterator[Finding]:
    if name in SHIPPED:
        yield good(f"{key}: {name} is shipped")
    elif Path(name).exists():
        yield good(f"{key}: {name} is there")
    else:
        yield from _cached(f"{key} {name}", name)


def _cached(what: str, name: str) -> Iterator[Finding]:
    if name and name in cached_models():
        yield good(f"{what}: {name} is in Hugging Face's cache")
    else:
        yield absent(
            f"{what}: not on this machine",
            f"it is downloaded{f' as {name}' if name else ''} where there is a network",
        )
