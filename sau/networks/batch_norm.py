"""BatchNorm whose statistics are those of all rows of a batch, whoever has them."""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sau.device.share import Share, SharesRows, all_gather
from sau.networks.adopted_norm import adopt


class SyncBatchNorm(SharesRows, _BatchNorm):
    """`nn.BatchNorm1d` or `2d` that, while it has a share, normalises by the moments of all rows.

    Unlike `nn.SyncBatchNorm` it works on the CPU as well. Weights, buffers and their names are
    those of the layer whose place it takes.
    """

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002
        del input

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise (b, C) or (b, C, H, W) of own rows."""
        if self.share is None or not self.training:
            return super().forward(input)
        mean, variance, count = moments(input, self.share)
        self._remember(mean, variance, count)
        normalised: Tensor = _Normalise.apply(
            input, self.weight, self.bias, mean, variance, self.eps, count
        )
        return normalised

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = self.momentum
        if momentum is None:  # the plain mean of all batches so far
            momentum = 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), momentum)


@torch.no_grad()
def moments(values: Tensor, share: Share) -> tuple[Tensor, Tensor, int]:
    """Return mean and variance (divided by n) of each channel over all rows, float32 (C,), and n.

    Each process's own moments are put together: no sum of squares, from which a large mean would
    cancel.
    """
    axes = _all_but_channels(values)
    own = torch.var_mean(values.float(), axes, correction=0)
    variances, means = all_gather(torch.stack(own)).unbind(dim=1)
    if share.rows % share.ranks == 0:
        mean, within = means.mean(dim=0), variances.mean(dim=0)
        between = (means - mean).square().mean(dim=0)
    else:
        counts = [share.own_rows(rank) for rank in range(share.ranks)]
        portions = (torch.tensor(counts) / share.rows)[:, None].to(means.device)
        mean, within = (portions * means).sum(dim=0), (portions * variances).sum(dim=0)
        between = (portions * (means - mean).square()).sum(dim=0)
    count = values.numel() // values.shape[1] // share.own_rows() * share.rows
    return mean, within + between, count


class _Normalise(torch.autograd.Function):
    """weight * (x - mean) / sqrt(variance + eps) + bias, the moments being functions of all x."""

    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        eps: float,
        count: int,
    ) -> Tensor:
        ctx.save_for_backward(values, weight, mean, (variance + eps).rsqrt())
        ctx.count = count
        return F.batch_norm(values, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients; those of weight and bias are of own rows.

        With g the gradient and h the normalised values, that of x is weight / sqrt(variance + eps)
        * (g - mean(g) - h * mean(g * h)), the means over all rows (Ioffe and Szegedy, 2015).
        """
        values, weight, mean, scale = ctx.saved_tensors
        axes, shape = _all_but_channels(values), (1, -1, *(1,) * (values.dim() - 2))
        gradient = gradient.float()
        normalised = (values.float() - mean.view(shape)) * scale.view(shape)
        own = torch.stack([gradient.sum(axes), (gradient * normalised).sum(axes)])
        total = own.clone()
        dist.all_reduce(total)
        constant, slope = (total / ctx.count).unbind()
        rest = gradient - constant.view(shape) - normalised * slope.view(shape)
        of_values = ((weight * scale).view(shape) * rest).to(values.dtype)
        return of_values, own[1], own[0], None, None, None, None


def synchronise(module: nn.Module) -> None:
    """Replace every BatchNorm inside of `module` by one that can share rows."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            setattr(module, name, adopt(SyncBatchNorm, child))
        else:
            synchronise(child)


@torch.no_grad()
def average_statistics(*modules: nn.Module) -> None:
    """Give the running statistics of BatchNorm the mean over all processes.

    Each process normalises by the moments of its own rows. Layers that do not learn now, in eval
    mode, stay as they are.
    """
    layers = [layer for module in modules for layer in module.modules()]
    values = [
        value
        for layer in layers
        if isinstance(layer, _BatchNorm) and not isinstance(layer, SyncBatchNorm) and layer.training
        for value in (layer.running_mean, layer.running_var)
        if value is not None
    ]
    if not values:
        return
    joined = torch.cat(values)
    dist.all_reduce(joined)
    joined /= dist.get_world_size()
    torch._foreach_copy_(values, torch.split(joined, [len(value) for value in values]))


def _all_but_channels(values: Tensor) -> tuple[int, ...]:
    return 0, *range(2, values.dim())
