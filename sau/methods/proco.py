"""ProCo: a contrastive loss against the classes' estimated distributions."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.losses.bessel import log_scaled_bessel
from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.losses.shapes import Shapes
from sau.losses.von_mises_fisher import concentrations, updated_means
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section, setting
from sau.views import ViewName

FIRST_LENGTH = 0.9
"""Of a class's mean before its first image, in a random direction, as in the authors' code."""


class ProcoOptions(Section):
    """Options of probabilistic contrastive learning; the defaults are the paper's for CIFAR."""

    temperature: float = setting(0.1, "of the contrastive loss", above=0)
    contrastive_weight: float = setting(1.0, "alpha, of the contrastive loss", above=0)
    estimate: Literal["previous_epoch", "running"] = setting(
        "previous_epoch",
        "class means: of the previous epoch (the paper), or those with the current epoch's batches "
        "taken in so far (the authors' code)",
    )
    cosine_scale: float = setting(
        0.0, "scale of a cosine classifier; 0: a linear classifier", minimum=0
    )


class Proco(Method[ProcoOptions]):
    """Logit-adjusted cross-entropy of one view, and the contrastive loss of two others.

    The latter has a closed form: each class is a von Mises-Fisher distribution, estimated from the
    mean of its embeddings, and the pairs are the infinitely many samples of it.

    Source: Du et al., "Probabilistic Contrastive Learning for Long-Tailed Visual Recognition"
    (TPAMI 2024).
    """

    title = "ProCo"
    source = "Du et al., TPAMI 2024"
    Options = ProcoOptions
    views: tuple[ViewName, ...] = ("strong", "v3", "v3_again")
    needs_projection = True
    previous_means: Tensor
    previous_counts: Tensor
    current_means: Tensor
    current_counts: Tensor

    def __init__(self, options: ProcoOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        if options.cosine_scale > 0:
            self.classifier, self.classifier_scale = "cosine", options.cosine_scale
        directions = F.normalize(torch.randn(context.classes, context.embedding_size), dim=1)
        for epoch in ("previous", "current"):
            self.register_buffer(f"{epoch}_means", FIRST_LENGTH * directions)
            self.register_buffer(f"{epoch}_counts", torch.zeros(context.classes))
        self.found: dict[str, Tensor] = {}

    def start_epoch(self, epoch: Epoch) -> None:
        """Make what the last epoch has found its estimate, and begin a new one at count 0."""
        del epoch
        seen = self.current_counts > 0
        self.previous_means = torch.where(seen[:, None], self.current_means, self.previous_means)
        self.previous_counts = torch.where(seen, self.current_counts, self.previous_counts)
        self.current_counts = torch.zeros_like(self.current_counts)

    def loss(self, step: Step) -> Losses:
        """Return `total` and its parts, unweighted.

        The three views go through the encoder together, as in the authors' code.
        """
        batch, network, counts = step.batch, step.network, self.context.class_counts
        images = torch.cat([batch.views[name] for name in self.views])
        strong, *pair = network.features(images).chunk(3)
        embeddings = network.project(torch.cat(pair))
        labels = batch.labels.repeat(2)
        means = self._means_with(embeddings, labels)
        contrastive = probabilistic_contrastive_loss(
            embeddings, labels, means, counts, self.options.temperature
        )
        scores = network.classify(strong)
        classification = logit_adjusted_cross_entropy(scores, batch.labels, counts)
        total = classification + self.options.contrastive_weight * contrastive
        return {"total": total, "contrastive": contrastive, "classification": classification}

    def after_step(self, network: MethodNetwork) -> None:
        """Keep the means that have taken in the step's batch."""
        del network
        for name, value in self.found.items():
            setattr(self, name, value)

    def _means_with(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the class means that hold in this step, and remember what `after_step` keeps.

        A class that no earlier epoch has seen has the mean of the current one, with this batch.
        """
        taken_in = updated_means(self.current_means, self.current_counts, embeddings, labels)
        self.found = dict(zip(("current_means", "current_counts"), taken_in, strict=True))
        if self.options.estimate == "previous_epoch":
            known = self.previous_counts[:, None] > 0
            return torch.where(known, self.previous_means, taken_in[0])
        running = updated_means(self.previous_means, self.previous_counts, embeddings, labels)
        self.found |= dict(zip(("previous_means", "previous_counts"), running, strict=True))
        return running[0]


def probabilistic_contrastive_loss(
    embeddings: Tensor, labels: Tensor, means: Tensor, counts: Tensor, temperature: float = 0.1
) -> Tensor:
    """Return the mean of -log(pi_y M_y(z / t) / sum over classes j of pi_j M_j(z / t)), float32 ().

    pi_j is the prior of class j, and M_j(v) the expectation of exp(v.x) over its von Mises-Fisher
    distribution: see `log_expectations`.

    Args:
        embeddings: z, float (B, d), of length 1; gradients flow through them alone.
        labels: y, int64 (B,), 0 to C - 1.
        means: of each class's embeddings, float32 (C, d), not normalised.
        counts: training images of each class, int64 (C,).
        temperature: t, above 0.

    Raises:
        ValueError: other shapes.

    Source: Du et al., "Probabilistic Contrastive Learning for Long-Tailed Visual Recognition"
    (TPAMI 2024), L_in of proposition 1.
    """
    shapes = Shapes().floats("embeddings", embeddings, "B d").integers("labels", labels, "B")
    shapes.floats("means", means, "C d").integers("counts", counts, "C")
    with torch.autocast(embeddings.device.type, enabled=False):
        logits = log_expectations(embeddings, means, temperature)
        return logit_adjusted_cross_entropy(logits.float(), labels, counts)


def log_expectations(embeddings: Tensor, means: Tensor, temperature: float) -> Tensor:
    """Return log M_j(z / t) of each embedding and class, float64 (B, C).

    M_j(z / t) = C_d(kappa_j) / C_d(kappa~), where kappa~ = |kappa_j mu_j + z / t| and C_d(kappa) =
    kappa^v / ((2 pi)^(d/2) I_v(kappa)) with v = d / 2 - 1. Only kappa~^2 is needed, so that no
    (B, C, d) tensor arises; in float64, as kappa reaches 1e5 and its square cancels.

    Args:
        embeddings: z, float (B, d), of length 1.
        means: float32 (C, d); their directions are mu, their lengths give kappa.
        temperature: t, above 0.
    """
    vectors = embeddings.double() / temperature
    kappa = concentrations(means.detach())
    directions = kappa[:, None] * F.normalize(means.detach().double(), dim=1)
    lengths = vectors.square().sum(dim=1, keepdim=True) + kappa.square()
    squared = torch.addmm(lengths, vectors, directions.T, alpha=2).clamp(min=0)
    order = means.shape[1] / 2 - 1
    return log_scaled_bessel(order, squared) - log_scaled_bessel(order, kappa.square())
