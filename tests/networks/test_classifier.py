import math

import torch
from torch import Generator

from sau.networks import CosineClassifier


def test_scores_are_scaled_cosines(generator: Generator) -> None:
    classifier = CosineClassifier(5, 3, scale=30.0)
    features = torch.randn(4, 5, generator=generator)
    found = classifier(features)
    for row, feature in enumerate(features.tolist()):
        for column, weight in enumerate(classifier.weight.tolist()):
            product = sum(a * b for a, b in zip(feature, weight, strict=True))
            expected = 30 * product / (math.hypot(*feature) * math.hypot(*weight))
            assert math.isclose(found[row, column].item(), expected, rel_tol=1e-4, abs_tol=1e-4)


def test_length_of_features_does_not_matter(generator: Generator) -> None:
    classifier = CosineClassifier(5, 3, scale=2.0)
    features = torch.randn(4, 5, generator=generator)
    torch.testing.assert_close(classifier(features), classifier(7 * features))
    assert classifier(torch.zeros(1, 5)).eq(0).all()
