"""The texts that images are compared with, and their embeddings."""

import dataclasses
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.pipeline.scores.clip import Clip
from sau.templates.template_sets import expand
from sau.templates.templates import fill


@dataclasses.dataclass(frozen=True, eq=False)
class Texts:
    """Embeddings of texts, each distinct one once, and which of them each row has.

    Attributes:
        embeddings: (T, d) float32, of unit length.
        places: int64 (N,), the row of `embeddings` that belongs to each of N images.
    """

    embeddings: Tensor
    places: Tensor

    def of(self, rows: Tensor) -> Tensor:
        """Return the embeddings (n, d) of the images `rows`, int64 (n,)."""
        return self.embeddings[self.places[rows]]


def own_texts(
    prompts: Sequence[str | None],
    labels: Sequence[int],
    class_names: Sequence[str],
    template: str,
) -> list[str]:
    """Return the text of each image: its prompt, or the template of its class where it has none."""
    filled = [fill(template, name) for name in class_names]
    return [prompt or filled[label] for prompt, label in zip(prompts, labels, strict=True)]


def embed_own_texts(texts: Sequence[str], clip: Clip, batch_size: int) -> Texts:
    """Embed the texts of N images; N is at least 1."""
    distinct = list(dict.fromkeys(texts))
    position = {text: place for place, text in enumerate(distinct)}
    places = torch.tensor([position[text] for text in texts], device=clip.device)
    return Texts(clip.embed_texts(distinct, batch_size), places)


def embed_classes(
    class_names: Sequence[str], templates: Sequence[str], clip: Clip, batch_size: int
) -> Tensor:
    """Return one unit embedding of each class, (C, d) float32.

    It is the mean of the unit embeddings of all templates, of unit length again: the zero-shot
    classifier of CLIP (Radford et al. 2021, section 3.1.4).

    Args:
        class_names: of the data set; they are cleaned.
        templates: sentences with {name}, or names of sets of them.
        clip: embeds the texts.
        batch_size: texts at once.
    """
    sentences = expand(templates)
    at_once = max(batch_size // len(sentences), 1)
    means = []
    for start in range(0, len(class_names), at_once):
        names = class_names[start : start + at_once]
        texts = [fill(sentence, name) for name in names for sentence in sentences]
        embedded = clip.embed_texts(texts, batch_size)
        means.append(embedded.view(len(names), len(sentences), -1).mean(dim=1))
    return F.normalize(torch.cat(means), dim=1)
