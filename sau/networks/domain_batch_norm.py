"""BatchNorm that normalises real and synthetic images apart, and tests by the real ones."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sau.networks.adopted_norm import adopt


class Kinds(NamedTuple):
    """Places of a batch's real and of its synthetic rows, and of each row among both, int64."""

    real: Tensor
    synthetic: Tensor
    back: Tensor


class HasModules(Protocol):
    """A network, such as an `nn.Module`."""

    def modules(self) -> Iterator[nn.Module]:
        """As `nn.Module.modules`."""


class DomainBatchNorm(_BatchNorm):
    """`nn.BatchNorm1d` or `2d` with moments of its own for each kind of image, and one affine map.

    In train mode, while `rows_of` says which rows are synthetic, real rows are normalised by
    the mean and variance of the batch's real rows, synthetic ones by those of the synthetic rows.
    Only the real ones enter the running statistics, which normalise all rows in eval mode.
    Parameters, buffers and their names are those of the plain layer.

    Source: Chang et al., "Domain-Specific Batch Normalization for Unsupervised Domain Adaptation"
    (CVPR 2019); with one affine map, as Xie et al., "Adversarial Examples Improve Image
    Recognition" (CVPR 2020), keep two of.
    """

    kinds: Kinds | None = None
    """Of the rows of the passes to come; None: all are of one kind."""

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002
        del input

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise (B, C) or (B, C, H, W)."""
        if self.kinds is None or not self.training:
            return super().forward(input)
        real, synthetic, back = self.kinds
        # First, so that what it takes of the running statistics is of the steps before.
        of_synthetic = self._synthetic(input.index_select(0, synthetic))
        of_real = self._real(input.index_select(0, real))
        return torch.cat([of_real, of_synthetic]).index_select(0, back)

    def _real(self, rows: Tensor) -> Tensor:
        return super().forward(rows) if _have_variance(rows) else self._by_statistics(rows)

    def _synthetic(self, rows: Tensor) -> Tensor:
        if not _have_variance(rows):
            return self._by_statistics(rows)
        return F.batch_norm(rows, None, None, self.weight, self.bias, training=True, eps=self.eps)

    def _by_statistics(self, rows: Tensor) -> Tensor:
        """Normalise rows that are too few for a variance by the running statistics."""
        mean, variance = self.running_mean, self.running_var
        return F.batch_norm(rows, mean, variance, self.weight, self.bias, eps=self.eps)


def separate(network: HasModules) -> list[DomainBatchNorm]:
    """Replace each BatchNorm inside of a network by one that knows both kinds; return these."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                setattr(module, name, adopt(DomainBatchNorm, child))
    return [module for module in network.modules() if isinstance(module, DomainBatchNorm)]


@contextmanager
def rows_of(layers: Iterable[DomainBatchNorm], is_synthetic: Tensor) -> Iterator[None]:
    """Say which rows of the passes within the block are synthetic, bool (B,).

    On a GPU this waits for the device once, as the number of rows of each kind must be known.
    """
    layers = list(layers)
    kinds = _kinds(is_synthetic) if layers else None
    for layer in layers:
        layer.kinds = kinds
    try:
        yield
    finally:
        for layer in layers:
            layer.kinds = None


def _kinds(is_synthetic: Tensor) -> Kinds:
    order = is_synthetic.int().argsort(stable=True)
    real = int((~is_synthetic).sum())
    return Kinds(order[:real], order[real:], order.argsort())


def _have_variance(rows: Tensor) -> bool:
    """Return whether there are two values of a channel at least."""
    return rows.numel() > rows.shape[1]
