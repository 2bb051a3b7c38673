"""SGD and AdamW of PyTorch, less what loads its compiler.

`torch.optim` keeps the compiler out of an optimizer's methods, and loads it to say so: three
seconds in every process that makes an optimizer. Here only networks are compiled.
"""

import inspect
from typing import Any

import torch


class _Eager(torch.optim.Optimizer):
    """An optimizer with the methods that PyTorch wraps, unwrapped."""

    add_param_group: Any = inspect.unwrap(torch.optim.Optimizer.add_param_group)
    state_dict: Any = inspect.unwrap(torch.optim.Optimizer.state_dict)
    load_state_dict: Any = inspect.unwrap(torch.optim.Optimizer.load_state_dict)
    zero_grad: Any = inspect.unwrap(torch.optim.Optimizer.zero_grad)


class EagerSGD(_Eager, torch.optim.SGD):
    """`torch.optim.SGD`; not differentiable."""

    step: Any = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


class EagerAdamW(_Eager, torch.optim.AdamW):
    """`torch.optim.AdamW`; not differentiable."""

    step: Any = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))
