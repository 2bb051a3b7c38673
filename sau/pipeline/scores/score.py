"""The scorer of one shard: images to everything that CLIP says of them."""

import dataclasses
from collections.abc import Sequence

import pyarrow as pa
import torch
from torch import Tensor

from sau.device.transfer import Download, upload
from sau.pipeline.scores.clip import Clip
from sau.pipeline.scores.cosines import compare
from sau.pipeline.scores.load import load_model
from sau.pipeline.scores.prepare import Pixels
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.texts import Texts, embed_classes, embed_own_texts, own_texts


@dataclasses.dataclass(frozen=True, eq=False)
class Scorer:
    """A model, with all texts of a shard embedded.

    Attributes:
        clip: embeds the images.
        own: the texts of the shard's N images.
        classes: embeddings of the C classes, (C, d).
        labels: int64 (N,), the images' classes.
    """

    clip: Clip
    own: Texts
    classes: Tensor
    labels: Tensor

    @property
    def dimension(self) -> int:
        """The length d of an embedding."""
        return self.classes.shape[1]

    def __call__(self, rows: Sequence[int], pixels: Sequence[Pixels]) -> Download:
        """Score n images; on a GPU, nothing is waited for.

        Args:
            rows: where they stand in the shard, from 0; n is at least 1.
            pixels: of each.

        Returns columns of the scores manifest, each (n,), with `embedding`, (n, d) float16, and
            `finite`, bool (n,): whether the image's embedding, and its texts', are finite.
        """
        embeddings = self.clip.embed_images(pixels)
        places = upload(torch.tensor(rows), self.clip.device)
        found = compare(
            embeddings, self.own.of(places), self.classes, self.labels[places], self.clip.scale
        )
        finite = torch.isfinite(found["score"]) & torch.isfinite(found["zero_shot_probability"])
        return Download({**found, "embedding": embeddings.half(), "finite": finite})


def open_scorer(
    images: pa.Table, class_names: Sequence[str], settings: ScoresSettings, device: torch.device
) -> Scorer:
    """Load the model, and embed the texts of a shard, each distinct one once.

    Args:
        images: columns label and prompt of the images manifest; may have no rows.
        class_names: of all classes.
        settings: the section `scores`, with scorer open_clip.
        device: that it names.

    Raises:
        UserError: no such model or weights.
    """
    torch.set_num_threads(settings.threads)
    loaded = load_model(settings.model, settings.pretrained, device, settings.trained_as)
    clip = Clip(loaded, device, settings.precision)
    return scorer_of(images, class_names, clip, settings)


def scorer_of(
    images: pa.Table, class_names: Sequence[str], clip: Clip, settings: ScoresSettings
) -> Scorer:
    """Return the scorer of a shard with a model that is loaded; see `open_scorer`."""
    size = settings.batch_size
    classes = embed_classes(class_names, settings.class_templates, clip, size)
    labels = images["label"].to_pylist()
    texts = own_texts(images["prompt"].to_pylist(), labels, class_names, settings.template)
    return Scorer(
        clip=clip,
        own=embed_own_texts(texts, clip, size) if texts else Texts(classes[:0], _indices([], clip)),
        classes=classes,
        labels=_indices(labels, clip),
    )


def _indices(values: Sequence[int], clip: Clip) -> Tensor:
    return torch.tensor(values, dtype=torch.int64, device=clip.device)
