"""The exact neighbours, in an order that no back end's rounding can change."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.neighbours.backends import FAISS_GPU_LIMIT, Backend, Index, load_faiss

MARGIN = 32
"""Rows that are scanned for beyond the k asked for."""

BLOCK = 2**24
"""Similarities in memory at once: 64 MiB in float32, 128 MiB in float64, or one query's."""


@torch.no_grad()
def nearest(queries: Tensor, index: Index, k: int, block: int = BLOCK) -> tuple[Tensor, Tensor]:
    """Find the k rows of the index with the largest inner product with each query.

    The index scans all rows in float32; its best are then compared by `inner_product`, in float64,
    and equal similarities are ordered by the lower row number. A query whose k-th neighbour could
    by float32's rounding be one that the scan left out is compared with all rows in float64. So
    all back ends give the same neighbours. On a GPU this waits for the device, to see whether
    there are such queries.

    Args:
        queries: float (Q, d), on the device of the index.
        index: of N rows; see `make_index`.
        k: at least 1.
        block: similarities in memory at once; changes no result.

    Returns similarities, float32 (Q, min(k, N)), largest first, and row numbers, int64 of the same
    shape. The neighbours of a query that is not finite are any rows.

    Memory: of the order of `block` similarities, beside the result and a copy of the rows.
    """
    rows, size = index.base.shape
    count = min(k + MARGIN, rows)
    step = max(1, block // max(rows, count * size))
    queries = queries.detach().float().contiguous()
    with torch.autocast(queries.device.type, enabled=False):
        found = [
            _nearest(part, index, min(k, rows), count, block) for part in torch.split(queries, step)
        ]
    similarities, places = (torch.cat(parts) for parts in zip(*found, strict=True))
    return similarities.float(), places


def check_search(backend: Backend, device: torch.device, k: int, rows: int) -> None:
    """Refuse a search for k of `rows` neighbours that the back end cannot do on `device`.

    Raises:
        ValueError: FAISS is not there, or returns fewer rows than that takes.
    """
    if backend == "torch":
        return
    load_faiss(device)
    if device.type == "cuda" and min(k + MARGIN, rows) > FAISS_GPU_LIMIT:
        raise ValueError(
            f"backend: faiss, which on a GPU finds at most {FAISS_GPU_LIMIT - MARGIN} neighbours, "
            f"not {k}; ask for fewer, or set it to torch"
        )


def _nearest(
    queries: Tensor, index: Index, k: int, count: int, block: int
) -> tuple[Tensor, Tensor]:
    """Return similarities, float64 (Q, k), and row numbers, having scanned for `count` rows."""
    rounded, places = index.scan(queries, count)
    places = places.sort(dim=1).values
    similarities = inner_product(queries[:, None], index.base[places])
    similarities, order = similarities.sort(dim=1, descending=True, stable=True)
    similarities, places = similarities[:, :k], places.gather(1, order[:, :k])
    if count == len(index.base):
        return similarities, places
    # What the scan left out has at most the last rounded similarity, and an error on top of it.
    reach = rounded[:, -1].double() + _error(queries, index, torch.float32)
    unsettled = (similarities[:, -1] <= reach).nonzero()[:, 0]
    if len(unsettled) > 0:
        found = _compare_all(queries[unsettled], index, similarities[unsettled, -1], k, block)
        similarities[unsettled], places[unsettled] = found
    return similarities, places


def _compare_all(
    queries: Tensor, index: Index, threshold: Tensor, k: int, block: int
) -> tuple[Tensor, Tensor]:
    """Return the k nearest of all rows, of those at least as similar as `threshold`, float64 (Q,).

    Each query has at least k such rows.
    """
    step = max(1, block // index.base.shape[1])
    pieces = torch.split(index.base, step)
    products = torch.cat([queries.double() @ piece.double().T for piece in pieces], dim=1)
    reached = products >= (threshold - _error(queries, index, torch.float64))[:, None]
    del products
    query, place = reached.nonzero(as_tuple=True)
    pairs = zip(torch.split(query, step), torch.split(place, step), strict=True)
    similarities = torch.cat([inner_product(queries[q], index.base[p]) for q, p in pairs])
    # By query, then by falling similarity, then by rising row number, in which order they came.
    order = similarities.argsort(descending=True, stable=True)
    order = order[query[order].argsort(stable=True)]
    counts = reached.sum(dim=1)
    starts = counts.cumsum(0) - counts
    first = order[starts[:, None] + torch.arange(k, device=starts.device)]
    return similarities[first], place[first]


def inner_product(first: Tensor, second: Tensor) -> Tensor:
    """Return the inner products over the last dimension, float64, of float32 (..., d).

    The same two vectors give the same bits on every device and in every batch: products of float32
    are exact in float64, and the sums are a fixed tree of halves, where that of a matrix product
    or of `sum` depends on shapes and devices.
    """
    terms = first.double() * second.double()
    while terms.shape[-1] > 1:
        one, other = F.pad(terms, (0, terms.shape[-1] % 2)).chunk(2, dim=-1)
        terms = one + other
    return terms[..., 0]


def _error(queries: Tensor, index: Index, dtype: torch.dtype) -> Tensor:
    """Return twice the most that inner products in `dtype` can be off, float64 (Q,).

    With unit roundoff u, half of eps, a sum of d products in any order is off by at most
    d * u / (1 - d * u) times the vectors' lengths (Higham, "Accuracy and Stability of Numerical
    Algorithms", 2002, section 3.1, with the Cauchy-Schwarz inequality).
    """
    relative = queries.shape[1] * torch.finfo(dtype).eps
    lengths: Tensor = torch.linalg.vector_norm(queries.double(), dim=1)
    return lengths * index.longest.double() * relative
