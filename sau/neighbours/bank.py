"""All real embeddings of an epoch's start, to search for neighbours in."""

import dataclasses

import torch
from torch import Tensor

from sau.neighbours.backends import Backend, Index, make_index
from sau.neighbours.exact import nearest


@dataclasses.dataclass(frozen=True)
class EmbeddingBank:
    """Embeddings of N labelled images in two views, each view searched on its own.

    `labels`: int64 (N,); `indexes`: of view 2 and of view 3, N rows each. Made by `of`.
    """

    labels: Tensor
    indexes: tuple[Index, Index]

    @classmethod
    def of(cls, embeddings: Tensor, labels: Tensor, backend: Backend = "torch") -> "EmbeddingBank":
        """Make a bank of float (N, 2, d) embeddings and int64 (N,) labels, N at least 1.

        Raises:
            ValueError: other shapes, or the back end is not there; see `make_index`.
        """
        if embeddings.dim() != 3 or embeddings.shape[1] != 2 or not len(embeddings):
            shape = tuple(embeddings.shape)
            raise ValueError(f"embeddings: expected float (N, 2, d) with N > 0, got shape {shape}")
        if labels.shape != embeddings.shape[:1]:
            expected, shape = tuple(embeddings.shape[:1]), tuple(labels.shape)
            raise ValueError(f"labels: expected int64 {expected}, got shape {shape}")
        first, second = (make_index(embeddings[:, view], backend) for view in (0, 1))
        return cls(labels, (first, second))

    def embeddings(self) -> Tensor:
        """Return what it was made of, float32 (N, 2, d)."""
        return torch.stack([index.base for index in self.indexes], dim=1)

    def nearest_in_each_view(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Find the neighbours of float (Q, 2, d) queries, each view's in its own index.

        Returns similarities, float32 (2, Q, min(k, N)), largest first, and labels likewise.
        """
        found = [self.nearest(queries[:, view], view, k) for view in (0, 1)]
        similarities, labels = zip(*found, strict=True)
        return torch.stack(similarities), torch.stack(labels)

    def nearest(self, queries: Tensor, view: int, k: int) -> tuple[Tensor, Tensor]:
        """Find the k images whose embedding of one view is nearest, by inner product.

        Args:
            queries: float (Q, d).
            view: 0 for view 2, 1 for view 3.
            k: at least 1.

        Returns similarities, float32 (Q, min(k, N)), largest first, and labels, int64 likewise.
        """
        similarities, places = nearest(queries, self.indexes[view], k)
        return similarities, self.labels[places]
