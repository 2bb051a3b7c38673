"""What is learned of a class: an embedding, or LoRA weights. Each is put in, learned, taken out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sau.core.errors import UserError
from sau.core.random_streams import derive_seed
from sau.pipeline.personalise.model import Model
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.words import Words

LAYERS = ("to_q", "to_k", "to_v", "to_out.0")
"""Of the denoising network's attention, beside which LoRA matrices stand."""

_ADAPTER = "own"


class Learnable(NamedTuple):
    """What is learned.

    Attributes:
        values: by the names that they are saved under.
        hidden: returns the states of the class's text, (1, T, width).
        key: the setting of the section `images` that loads the file.
    """

    values: dict[str, nn.Parameter]
    hidden: Callable[[], Tensor]
    key: str


@contextmanager
def learnable(model: Model, settings: PersonaliseSettings, words: Words) -> Iterator[Learnable]:
    """Put what is to be learned of a class into the model for the time of the block.

    Args:
        model: frozen.
        settings: of the section.
        words: of the class.

    Raises:
        UserError: a name without a token.
    """
    method = _inversion if settings.method == "textual-inversion" else _lora
    with method(model, settings, words) as found:
        yield found


@contextmanager
def _inversion(model: Model, settings: PersonaliseSettings, words: Words) -> Iterator[Learnable]:
    """Learn vectors in the place of the name, beginning at the mean of the name's own tokens.

    Source: Gal et al. 2023, "An Image is Worth One Word", equation 2.
    """
    embeddings = model.text_encoder.get_input_embeddings()
    own = model.tokenizer(words.name, add_special_tokens=False).input_ids
    if not own:
        raise UserError(f"personalise: the model's tokenizer has no token for class {words.name!r}")
    start = embeddings.weight[own].mean(dim=0, keepdim=True)
    vectors = nn.Parameter(start.repeat(settings.vectors, 1).clone())
    before, after = words.around(settings.template)
    ids, places = _with_places(model.tokenizer, before, after, settings.vectors)

    def put_in(_: nn.Module, __: tuple[Tensor, ...], states: Tensor) -> Tensor:
        changed = states.clone()
        changed[:, places] = vectors.to(states.dtype)
        return changed

    handle = embeddings.register_forward_hook(put_in)
    try:
        yield Learnable(
            {"embedding": vectors},
            lambda: model.text_encoder(ids.to(vectors.device))[0],
            "embedding",
        )
    finally:
        handle.remove()


def _with_places(
    tokenizer: Any, before: str, after: str, vectors: int
) -> tuple[Tensor, Sequence[int]]:
    """Return a text's token ids, (1, T), and the places that the vectors stand in."""
    first, last = (
        tokenizer(text, add_special_tokens=False).input_ids if text.strip() else []
        for text in (before, after)
    )
    room = tokenizer.model_max_length - 2
    inside = [*first, *[tokenizer.unk_token_id] * vectors, *last][:room]
    if len(first) + vectors > room:
        raise UserError(
            f"personalise.template: with {vectors} vectors it is longer than the model's "
            f"{room} tokens; shorten it, or lower personalise.vectors"
        )
    padding = [tokenizer.pad_token_id] * (room - len(inside))
    ids = [tokenizer.bos_token_id, *inside, tokenizer.eos_token_id, *padding]
    start = 1 + len(first)
    return torch.tensor([ids]), list(range(start, start + vectors))


@contextmanager
def _lora(model: Model, settings: PersonaliseSettings, words: Words) -> Iterator[Learnable]:
    """Learn matrices beside the weights of the attention, whose product begins at 0.

    Source: Hu et al. 2022, "LoRA", equation 3 with alpha = r.
    """
    from peft import LoraConfig

    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.rank,
        init_lora_weights="gaussian",
        target_modules=list(LAYERS),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("personalise", settings.seed, words.key, "start"))
        model.unet.add_adapter(config, adapter_name=_ADAPTER)
    values = {
        f"unet.{name.replace(f'.{_ADAPTER}.', '.')}": value
        for name, value in model.unet.named_parameters()
        if f".{_ADAPTER}." in name
    }
    ids = model.tokenizer(
        words.text(settings.template),
        padding="max_length",
        truncation=True,
        max_length=model.tokenizer.model_max_length,
        return_tensors="pt",
    ).input_ids
    with torch.no_grad():
        hidden = model.text_encoder(ids.to(model.unet.device))[0]
    try:
        yield Learnable(values, lambda: hidden, "lora")
    finally:
        model.unet.unload_lora()
