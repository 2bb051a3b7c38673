"""What is learned: an embedding, or LoRA weights. Each is put in, learned, taken out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sau.core.errors import UserError
from sau.core.random_streams import derive_seed
from sau.pipeline.personalise.model import Model
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.words import Words

_ADAPTER = "own"


class Learnable(NamedTuple):
    """What is learned.

    Attributes:
        values: by the names that they are saved under.
        states: returns the states of each class's text, (S, T, width); with `text_dropout` those of
            the empty text follow.
    """

    values: dict[str, nn.Parameter]
    states: Callable[[], Tensor]


@contextmanager
def learnable(
    model: Model, settings: PersonaliseSettings, key: str, classes: Sequence[Words]
) -> Iterator[Learnable]:
    """Put what is to be learned of classes into the model for the time of the block.

    Args:
        model: frozen.
        settings: of the section.
        key: the name of what is learned, from which its first values are drawn.
        classes: words of each class, of which an embedding takes one.

    Raises:
        UserError: a name without a token, or a text without room for the vectors.
    """
    method = _inversion if settings.method == "textual-inversion" else _lora
    with method(model, settings, key, classes) as found:
        yield found


@contextmanager
def _inversion(
    model: Model, settings: PersonaliseSettings, _: str, classes: Sequence[Words]
) -> Iterator[Learnable]:
    """Learn vectors in the place of the name, beginning at the mean of the name's own tokens.

    Source: Gal et al. 2023, "An Image is Worth One Word", equation 2.
    """
    (words,) = classes
    own = model.vectors_of(words.name)
    if not len(own):
        raise UserError(f"personalise: the model's tokenizer has no token for class {words.name!r}")
    start = own.mean(dim=0, keepdim=True)
    vectors = nn.Parameter(start.repeat(settings.vectors, 1).clone())
    before, after = words.around(settings.template)
    with model.reading(before, vectors, after) as states:
        yield Learnable({"embedding": vectors}, states)


@contextmanager
def _lora(
    model: Model, settings: PersonaliseSettings, key: str, classes: Sequence[Words]
) -> Iterator[Learnable]:
    """Learn matrices beside the weights of the attention, whose product begins at 0.

    Source: Hu et al. 2022, "LoRA", equation 3 with alpha = r.
    """
    from peft import LoraConfig

    texts = [words.text(settings.template) for words in classes]
    states = model.states([*texts, *([""] if settings.text_dropout else [])])
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.rank,
        init_lora_weights="gaussian",
        target_modules=list(model.attention_layers),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("personalise", settings.seed, key, "start"))
        model.unet.add_adapter(config, adapter_name=_ADAPTER)
    values = {
        f"unet.{name.replace(f'.{_ADAPTER}.', '.')}": value
        for name, value in model.unet.named_parameters()
        if f".{_ADAPTER}." in name
    }
    try:
        yield Learnable(values, lambda: states)
    finally:
        model.unet.unload_lora()
