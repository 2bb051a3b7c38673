"""Train SAU on tensors: a long tail of scikit-learn's digits, balanced with disturbed copies."""

import numpy as np
import torch
from sklearn.datasets import load_digits

import sau

digits = load_digits()
pixels = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
labels = torch.tensor(digits.target)
train, test = slice(0, 1200), slice(1200, None)

# What is left of the training digits if the largest class is ten times the smallest ...
counts = sau.long_tailed_counts(80, classes=10, imbalance_factor=10)
real = torch.from_numpy(sau.sample_long_tail(labels[train], counts))
# ... and what fills it up; a generator would make these from a prompt.
lacking = sau.complement_counts(counts)
filled = torch.tensor(np.repeat(np.arange(10), lacking))
sources = [int(real[labels[real] == label][n % counts[label]]) for n, label in enumerate(filled)]
generated = (pixels[sources] + 0.2 * torch.rand(len(sources), 1, 8, 8)).clamp(0, 1)

result = sau.train(
    torch.cat([pixels[real], generated]),
    torch.cat([labels[real], filled]),
    is_synthetic=torch.arange(800) >= len(real),
    test=(pixels[test], labels[test]),
    method="sau",
    backbone="resnet8",
    width=8,
    epochs=5,
    batch_size=64,
    learning_rate=0.05,
    horizontal_flip=False,
    crop_padding=1,
    cutout_size=2,
)
for epoch, top1 in result.history["test/top1"].items():
    print(f"epoch {epoch}: test top-1 {top1:.1f} %")
print("classes of three images:", result.probabilities(pixels[test][:3]).argmax(dim=1).tolist())
