"""The losses, written with the full matrix of pairs and its masks."""

import warnings

import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

# With a hundred classes, said of every batch.
warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of -sum(targets * log softmax(logits)), both (B, C)."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


def corrected_labels(
    real_features: Tensor, real_labels: Tensor, features: Tensor, labels: Tensor
) -> Tensor:
    """Give each synthetic sample that looks like another class a label of its own: -1, -2, ...

    It looks like its class if its nearest real neighbour is of that class in both views.
    Scikit-learn searches on the host.

    Args:
        real_features: (R, 2, d), of real samples and prototypes.
        real_labels: int64 (R,).
        features: (S, 2, d), of the synthetic samples.
        labels: int64 (S,).

    Returns int64 (S,), on the device of `labels`.
    """
    if len(labels) == 0:
        return labels
    real, synthetic = real_features.detach().cpu().numpy(), features.detach().cpu().numpy()
    host_labels = real_labels.cpu().numpy()
    agrees = torch.ones(len(labels), dtype=torch.bool)
    for view in (0, 1):
        nearest = KNeighborsClassifier(n_neighbors=1).fit(real[:, view], host_labels)
        found = torch.from_numpy(nearest.predict(synthetic[:, view]))
        agrees &= found == labels.cpu()
    corrected = labels.cpu().clone()
    noise = int((~agrees).sum())
    corrected[~agrees] = -torch.arange(1, noise + 1)
    return corrected.to(labels.device)


def contrastive_loss(
    features: Tensor,
    labels: Tensor,
    is_synthetic: Tensor,
    prototypes: Tensor,
    temperature: float = 0.1,
) -> Tensor:
    """Return the supervised contrastive loss with prototypes, noise being negatives (L2).

    Args:
        features: (B, 2, d), of length 1.
        labels: int64 (B,).
        is_synthetic: bool (B,).
        prototypes: (C, 2, d), in the order of the classes.
        temperature: t.
    """
    classes = torch.arange(len(prototypes), device=labels.device)
    real = torch.cat([features[~is_synthetic], prototypes])
    real_labels = torch.cat([labels[~is_synthetic], classes])
    made, made_labels = features[is_synthetic], labels[is_synthetic]
    made_labels = corrected_labels(real, real_labels, made, made_labels)
    samples, groups = torch.cat([real, made]), torch.cat([real_labels, made_labels])
    vectors, groups = torch.cat(samples.unbind(dim=1)), groups.repeat(2)
    logits = vectors @ vectors.T / temperature
    logits = logits - logits.max(dim=1, keepdim=True).values.detach()
    others = 1 - torch.eye(len(vectors), device=labels.device)
    positives = (groups[:, None] == groups).float() * others
    log_denominator = (logits.exp() * others).sum(dim=1, keepdim=True).log()
    log_probability = logits - log_denominator
    return -((positives * log_probability).sum(dim=1) / positives.sum(dim=1)).mean()
