"""Names of what a training run can be given: its method and its data."""

from typing import TYPE_CHECKING, Literal

from sau.methods.registry import METHODS

if TYPE_CHECKING:
    MethodName = str
else:
    MethodName = Literal[*sorted(METHODS)]
"""A method of the registry."""

DataName = Literal["real", "balanced"]
"""The long-tailed real images alone, or the set that synthetic images balance."""
