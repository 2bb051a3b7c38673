"""CLIP's embeddings: images are near if their cosine is high."""

import dataclasses
import importlib
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sau.core.errors import UserError
from sau.pipeline.filter.closeness import FAR, NONE, Floats, Integers
from sau.pipeline.filter.reasons import Part

_ROUNDING = 1e-6
"""Float32's, so that the same embedding twice has a cosine of 1."""

_QUERIES_AT_ONCE = 1 << 14


@dataclasses.dataclass(frozen=True)
class Embeddings:
    """Embeddings of length 1, (N, d) float16; near are those with a cosine from `limit` on."""

    vectors: npt.NDArray[np.float16]
    limit: float
    threads: int = 1

    @property
    def least(self) -> float:
        """Return the least closeness, a cosine."""
        return self.limit - _ROUNDING

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.vectors)

    def take(self, positions: Integers) -> Self:
        """Return some of the images."""
        return dataclasses.replace(self, vectors=self.vectors[positions])

    def table(self, others: Self) -> Floats:
        """Return the cosines, (N, M)."""
        cosines: Floats = _unit(self.vectors) @ _unit(others.vectors).T
        return cosines

    def nearest(self, others: Self) -> tuple[Floats, Integers]:
        """Return the highest cosine with one of the others, by FAISS: flat, so exact."""
        closeness = np.full(len(self), FAR, dtype=np.float32)
        positions = np.full(len(self), NONE, dtype=np.int64)
        if len(others) == 0:
            return closeness, positions
        faiss = _load_faiss()
        faiss.omp_set_num_threads(self.threads)
        index = faiss.IndexFlatIP(others.vectors.shape[1])
        index.add(_unit(others.vectors))
        for start in range(0, len(self), _QUERIES_AT_ONCE):
            block = slice(start, start + _QUERIES_AT_ONCE)
            cosines, found = index.search(_unit(self.vectors[block]), 1)
            closeness[block], positions[block] = cosines[:, 0], found[:, 0]
        return closeness, positions

    def words(self, closeness: Floats) -> tuple[Part, ...]:
        """Return the parts of a sentence that say the cosine."""
        return "cosine ", closeness, f", limit {self.limit:g}"


def _load_faiss() -> Any:
    try:
        return importlib.import_module("faiss")
    except ModuleNotFoundError as error:
        raise UserError(
            "filter: comparing embeddings needs FAISS, which is not installed; install faiss-gpu "
            "(Linux on x86-64) or faiss-cpu (elsewhere), or set filter.leak_similarity and "
            "filter.duplicate_similarity to null"
        ) from error


def _unit(vectors: npt.NDArray[np.float16]) -> Floats:
    """Return the embeddings in float32, their length 1 again after the rounding to float16."""
    exact = vectors.astype(np.float32)
    unit: Floats = exact / np.linalg.norm(exact, axis=1, keepdims=True)
    return unit
