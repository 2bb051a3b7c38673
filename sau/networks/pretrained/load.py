"""A file of weights into an encoder, which gets all of its weights from it."""

from importlib import import_module

from torch import nn

from sau.core.errors import ArgumentError, UserError
from sau.core.unloadable import loading
from sau.networks.encoder import split_name
from sau.networks.pretrained.find import MODULES
from sau.networks.pretrained.weights import PretrainedWeights
from sau.storage.lfs_pointer import refuse_pointer
from sau.storage.weights import refuse_unlike
from sau.storage.weights_file import content_of, one_model

_COUNT = "num_batches_tracked"
"""Of BatchNorm; files of its first days have none, and no result depends on it."""


def load_weights(encoder: nn.Module, backbone: str, weights: PretrainedWeights) -> None:
    """Load weights into an encoder; a classifier and a text tower beside them are left out.

    Position embeddings are resized to the encoder's images, as its library does it.

    Args:
        encoder: on the CPU, as `make_encoder` builds it.
        backbone: its name.
        weights: as `find_weights` finds them.

    Raises:
        ArgumentError: the file is damaged or asks for code, or its weights are not the encoder's:
            missing, unexpected, of other shapes, or not finite.
    """
    what = f"pretrained: {weights.path.name}"
    try:
        with loading(what):
            refuse_pointer(weights.path, what)
            state = one_model(content_of(weights.path), what)
            library, name = split_name(backbone)
            inner = encoder.get_submodule("network")
            state = import_module(MODULES[library]).fitted(state, inner, name)
            own = inner.state_dict()
            counts = {n: own[n] for n in own if n.endswith(_COUNT) and n not in state}
            refuse_unlike(state | counts, inner, what)
            inner.load_state_dict(state | counts)
    except UserError as error:
        raise ArgumentError(str(error)) from error
