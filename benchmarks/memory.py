"""What a computation keeps in memory."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


def kept_for_backward(forward: Callable[[], Tensor]) -> int:
    """Return how many bytes `forward` saves for its backward pass; shared memory counts once."""
    # Together with its tensor, as the memory of one that is gone may be given to the next.
    kept: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def peak_on_gpu(work: Callable[[], object], device: torch.device) -> int:
    """Return how many bytes more than before `work` has allocated on a GPU at some moment."""
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    work()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before
