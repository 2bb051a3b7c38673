"""The synthetic-aware contrastive loss with trust in place of a verdict."""

import torch
from torch import Tensor

from sau.losses.contrastive import check_temperature, log_denominators
from sau.losses.shapes import Shapes


def trusting_contrastive_loss(
    features: Tensor,
    labels: Tensor,
    trust: Tensor,
    prototypes: Tensor,
    *,
    temperature: float = 0.1,
) -> Tensor:
    """Pull a sample towards its class as far as its label is trusted, and else to its other view.

    With w the trust in a sample, w = 1 of prototypes, s the inner product over the temperature and
    D the log of the denominator over all other vectors, the loss of vector i is

        D(i) - w_i * (sum over j of w_j s(i, j)) / (sum over j of w_j) - (1 - w_i) * s(i, i'),

    j over the other vectors of i's class, i' being the other view of i's sample; the mean over all
    vectors. With w of 0 and 1 alone it is `synthetic_aware_loss` with `pos_neg`, noise being w = 0.

    Args:
        features: float (B, 2, d), of length 1; gradients flow through them.
        labels: int64 (B,), 0 to C - 1.
        trust: w, float (B,), 0 to 1; a constant.
        prototypes: float (C, 2, d); constants.
        temperature: above 0.

    Returns float32 ().

    Raises:
        ValueError: other shapes, or a temperature that is not above 0.
    """
    shapes = Shapes().floats("features", features, "B 2 d").integers("labels", labels, "B")
    shapes.floats("trust", trust, "B").floats("prototypes", prototypes, "C 2 d")
    check_temperature(temperature)
    with torch.autocast(features.device.type, enabled=False):
        prototypes = prototypes.detach().float()
        samples = torch.cat([features.float(), prototypes])
        weights = torch.cat([trust.detach().float(), torch.ones_like(prototypes[:, 0, 0])])
        classes = torch.arange(len(prototypes), device=labels.device)
        groups = torch.cat([labels, classes])
        belongs = (classes[:, None] == groups).float() * weights
        own = weights[:, None, None] * samples
        others = (belongs @ samples.sum(dim=1))[groups][:, None] - own
        # A class has its two prototypes at least, each of weight 1.
        mean = (samples * others).sum(dim=2) / (2 * belongs.sum(dim=1)[groups] - weights)[:, None]
        other_view = (samples[:, 0] * samples[:, 1]).sum(dim=1, keepdim=True)
        positives = torch.lerp(other_view.expand_as(mean), mean, weights[:, None].expand_as(mean))
        left_out = torch.zeros_like(weights, dtype=torch.bool)
        denominators = log_denominators(samples, left_out, temperature)
        return (denominators - positives / temperature).mean()
