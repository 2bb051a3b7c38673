"""The synthetic-aware contrastive loss on random embeddings, as a function and as a module."""

import torch
import torch.nn.functional as F

from sau.losses import SyntheticAwareContrastiveLoss, synthetic_aware_loss

torch.manual_seed(0)
images, classes, size = 64, 10, 128
# Two views of each image, and a prototype of each class: the mean of its real embeddings.
prototypes = F.normalize(torch.randn(classes, 2, size), dim=2)
labels = torch.randint(classes, (images,))
is_synthetic = torch.rand(images) < 0.5
# Some synthetic images look like another class.
odd = is_synthetic & (torch.rand(images) < 0.3)
looks_like = torch.where(odd, torch.randint(classes, (images,)), labels)
features = prototypes[looks_like] + 0.15 * torch.randn(images, 2, size)
features = F.normalize(features, dim=2).requires_grad_()

loss, noise = synthetic_aware_loss(features, labels, is_synthetic, prototypes)
print(
    f"loss {loss:.3f}; {int(noise.sum())} of {int(is_synthetic.sum())} synthetic images are noise"
)

criterion = SyntheticAwareContrastiveLoss(temperature=0.1, noise_strategy="drop", neighbours=3)
loss = criterion(features, labels, is_synthetic, prototypes)
loss.backward()
print(criterion, f"gives {loss:.3f}, gradient {features.grad.norm():.3f}")
