"""Train a method on a torch Dataset whose items are (image, label, is_synthetic)."""

import torch
from torch.utils.data import Dataset

import sau


class Squares(Dataset):
    """Noise with a bright square, whose place is the class; the later images count as generated."""

    def __init__(self, counts, seed, real=None):
        generator = torch.Generator().manual_seed(seed)
        self.labels = [label for label, count in enumerate(counts) for _ in range(count)]
        self.images = torch.rand(len(self.labels), 3, 16, 16, generator=generator) / 2
        self.made = []
        for place, label in enumerate(self.labels):
            self.images[place, :, 5 * label : 5 * label + 5, 5:10] += 0.5
            number = self.labels[:place].count(label)
            self.made.append(real is not None and number >= real[label])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, place):
        return self.images[place], self.labels[place], self.made[place]


real = sau.long_tailed_counts(40, classes=3, imbalance_factor=10)
training, testing = Squares([40, 40, 40], 0, real), Squares([20, 20, 20], 1)
common = {"backbone": "resnet8", "width": 8, "epochs": 3, "batch_size": 32, "seed": 0}
for method in ("cross_entropy", "balanced_softmax", "sau"):
    result = sau.train(training, test=testing, method=method, **common)
    print(f"{method}: test top-1 {result.predictions.top1:.1f} %")
