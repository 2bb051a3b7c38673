"""What the text tower of a model of open_clip says of sentences."""

from collections.abc import Sequence

import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor

from sau.core.errors import ArgumentError, UserError
from sau.core.silence import without_warnings
from sau.core.unloadable import loading
from sau.networks.open_clip_encoder import split_tag, wants_quick_gelu
from sau.networks.pretrained.weights import PretrainedWeights
from sau.storage.weights import refuse_unlike
from sau.storage.weights_file import content_of, one_model

_BATCH = 256
"""Texts at once."""


@torch.no_grad()
def text_features(name: str, weights: PretrainedWeights, texts: Sequence[str]) -> Tensor:
    """Return the features of texts, float32 (N, F) of length 1, in the space of the image tower.

    Args:
        name: of the model, with or without a tag, such as `ViT-B-32.openai`.
        weights: of the whole model.
        texts: N sentences.

    Raises:
        ArgumentError: the weights are not those of the whole model, or there is no tokenizer.
    """
    model, _ = split_tag(name)
    what = f"pretrained: {weights.path.name}"
    try:
        with loading(what):
            with without_warnings():  # of random weights, which are replaced below
                whole = open_clip.create_model(
                    model,
                    load_weights=False,
                    pretrained_text=False,
                    force_quick_gelu=wants_quick_gelu(name),
                ).eval()
            state = one_model(content_of(weights.path), what)
            refuse_unlike(state, whole, what)
            whole.load_state_dict(state)
            tokens = open_clip.get_tokenizer(model)(list(texts))
            parts = [whole.encode_text(part) for part in torch.split(tokens, _BATCH)]
    except UserError as error:
        raise ArgumentError(str(error)) from error
    return F.normalize(torch.cat(parts).float(), dim=1)
