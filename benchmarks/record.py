"""What a benchmark leaves behind: its figures, and where and with what they were measured."""

import dataclasses
import json
import os
import platform
from pathlib import Path
from typing import Any

import torch

import sau
from benchmarks.timing import Ratio
from sau.storage.code_digest import code_digest
from sau.storage.files import write_text
from sau.storage.provenance import versions

LIBRARIES = (
    *("torch", "torchvision", "diffusers", "pillow"),
    *("numpy", "pandas", "pyarrow", "scikit-learn"),
)

STAGES = ("images", "filter", "training")
"""The stages whose code is timed."""


@dataclasses.dataclass(frozen=True)
class Record:
    """One run of one benchmark.

    `settings` are the values of its flags; `figures` is what else it measured, as JSON values.
    """

    benchmark: str
    settings: dict[str, Any]
    ratios: list[Ratio]
    figures: dict[str, Any] = dataclasses.field(default_factory=dict)

    def to_mapping(self) -> dict[str, Any]:
        """Return the record with the machine, the code and the libraries, as JSON values."""
        device = torch.device(self.settings["device"])
        return {
            "benchmark": self.benchmark,
            "settings": self.settings,
            "ratios": [ratio.to_mapping() for ratio in self.ratios],
            "figures": self.figures,
            "machine": machine(device),
            "code": {"sau": sau.__version__}
            | {f"{name}_digest": code_digest(name) for name in STAGES},
            "versions": versions(LIBRARIES),
        }

    def print_and_write(self, path: Path | None) -> None:
        """Print each ratio, and write all of the record to `path` if there is one."""
        for ratio in self.ratios:
            print(ratio.line())
        if path is not None:
            text = json.dumps(self.to_mapping(), indent=2, sort_keys=True, allow_nan=False)
            write_text(path, text + "\n")


def machine(device: torch.device) -> dict[str, Any]:
    """Return the facts of the machine that a time depends on."""
    on_gpu = device.type == "cuda"
    return {
        "processor": processor(),
        "instructions": " ".join([torch.backends.cpu.get_cpu_capability(), *_bfloat16_units()]),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name(device) if on_gpu else None,
    }


def processor() -> str:
    """Return the processor's model name, where the system tells it."""
    return _fact("model name") or platform.machine()


def _bfloat16_units() -> list[str]:
    """Return the instructions for products in bfloat16 that the system names."""
    flags = _fact("flags").split()
    return [name for name in ("avx512_bf16", "amx_bf16") if name in flags]


def _fact(name: str) -> str:
    """Return what Linux says of the first processor; empty where nothing is said."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    values = [line.split(":", 1)[1].strip() for line in lines if line.startswith(name)]
    return values[0] if values else ""
