"""A long tail of CIFAR-10's size: how many images each class keeps, which, and what it lacks."""

import numpy as np

import sau

labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 5000))

counts = sau.long_tailed_counts(largest=5000, classes=10, imbalance_factor=100)
print("images of each class:", counts)

chosen = sau.sample_long_tail(labels, counts, protocol="choice", seed=0)
print("of", len(labels), "images", len(chosen), "are kept, the first of them", chosen[:5].tolist())
assert np.bincount(labels[chosen]).tolist() == counts

lacking = sau.complement_counts(counts)
print("generated images that balance them:", lacking)

# More generated images than are needed: a draw for each class, the same for the same seed.
generated = np.repeat(np.arange(10), 5000)
drawn = sau.draw_complement(generated, lacking, seed=0)
balanced = np.bincount(labels[chosen]) + np.bincount(generated[drawn], minlength=10)
print("images of each class then:", balanced.tolist())

print(
    "largest factor at which no class of 124 images is empty:",
    sau.cap_imbalance_factor(124, 10, 200),
)
