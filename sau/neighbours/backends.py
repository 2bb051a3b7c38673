"""What scans all rows of a matrix for the largest inner products, as float32 rounds them."""

import abc
import functools
import importlib
from typing import Any, Literal

import torch
from torch import Tensor

Backend = Literal["faiss", "torch"]

FAISS_GPU_LIMIT = 2048
"""The most rows that FAISS returns for a query on a GPU."""


class Index(abc.ABC):
    """The rows of one matrix, ready to be scanned.

    Attributes:
        base: float32 (N, d), N at least 1, contiguous.
        longest: float32 (), the length of the longest row.

    Args:
        base: float (N, d), on the device where the queries will be.
    """

    def __init__(self, base: Tensor) -> None:
        self.base = base.detach().float().contiguous()
        self.longest: Tensor = torch.linalg.vector_norm(self.base, dim=1).amax()

    @abc.abstractmethod
    def scan(self, queries: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return the `count` largest inner products of each query, largest first.

        They carry the rounding errors of float32, so that rows of nearly the same similarity come
        in any order, and the last of them may have lost its place to a row that is not there.

        Args:
            queries: float32 (Q, d), contiguous, on the device of `base`.
            count: 1 to N.

        Returns float32 (Q, count) and int64 (Q, count), row numbers of `base`.
        """


class TorchIndex(Index):
    """All inner products by one matrix product; Q times N of them are in memory at once."""

    def scan(self, queries: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """See `Index`."""
        base = self.base
        # Below "highest", a float32 product may be one of TF32 or bfloat16, far off its bound.
        if torch.get_float32_matmul_precision() != "highest":
            queries, base = queries.double(), base.double()
        similarities, places = (queries @ base.T).topk(count, dim=1)
        return similarities.float(), places


class FaissIndex(Index):
    """FAISS's flat index, on the CPU or on the GPU where `base` is.

    On a GPU its scratch memory comes on top of PyTorch's.
    """

    def __init__(self, base: Tensor) -> None:
        super().__init__(base)
        faiss = load_faiss(base.device)
        size = self.base.shape[1]
        if base.device.type == "cuda":
            config = faiss.GpuIndexFlatConfig()
            config.device = self.base.device.index
            self.index = faiss.GpuIndexFlatIP(_gpu_resources(), size, config)
            self.index.add(self.base)
        else:
            # FAISS brings an OpenMP of its own, which does not know what PyTorch was told.
            faiss.omp_set_num_threads(torch.get_num_threads())
            self.index = faiss.IndexFlatIP(size)
            self.index.add(self.base.numpy())

    def scan(self, queries: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """See `Index`; raises ValueError beyond what FAISS can return on a GPU."""
        if queries.device.type == "cuda":
            if count > FAISS_GPU_LIMIT:
                raise ValueError(
                    f"count: {count} rows of FAISS, which on a GPU returns at most "
                    f"{FAISS_GPU_LIMIT}; ask for fewer neighbours, or set backend to torch"
                )
            similarities, places = self.index.search(queries, count)
        else:
            found = self.index.search(queries.numpy(), count)
            similarities, places = (torch.from_numpy(array) for array in found)
        # A query that is not a number has no neighbours in FAISS: row -1. It gets some row.
        return similarities, places.clamp(min=0)


BACKENDS: dict[Backend, type[Index]] = {"faiss": FaissIndex, "torch": TorchIndex}


def make_index(base: Tensor, backend: Backend) -> Index:
    """Make the rows of `base`, float (N, d), ready for `nearest`.

    Args:
        base: with N at least 1; it stays as it is while the index is in use.
        backend: `faiss`, or `torch`; they give the same neighbours.

    Raises:
        ValueError: FAISS is not installed, or has no GPU support while `base` is on a GPU.
    """
    return BACKENDS[backend](base)


def load_faiss(device: torch.device) -> Any:
    """Import FAISS for vectors on `device`.

    Raises:
        ValueError: it is not installed, or has no GPU support while `device` is a GPU.
    """
    fix = "install faiss-gpu (Linux on x86-64) or faiss-cpu (elsewhere), or set it to torch"
    try:
        faiss = importlib.import_module("faiss")
    except ModuleNotFoundError as error:
        raise ValueError(f"backend: faiss, but FAISS is not installed; {fix}") from error
    if device.type == "cuda":
        if faiss.get_num_gpus() == 0:
            raise ValueError(
                f"backend: faiss on the device cuda, but FAISS {faiss.__version__} finds no GPU; "
                f"{fix}"
            )
        # From here on FAISS takes tensors, and runs in PyTorch's stream.
        importlib.import_module("faiss.contrib.torch_utils")
    return faiss


@functools.cache
def _gpu_resources() -> Any:
    """Return FAISS's scratch memory, one for all indexes of this process."""
    return importlib.import_module("faiss").StandardGpuResources()
