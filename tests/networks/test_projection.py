import torch
import torch.nn.functional as F
from torch import Generator

from sau.networks.projection import Projection


def test_projection_equals_its_definition(generator: Generator) -> None:
    projection = Projection(6, 10, 4)
    features = torch.randn(8, 6, generator=generator)
    linear = [m for m in projection.modules() if isinstance(m, torch.nn.Linear)]
    hidden = features
    for layer in linear[:2]:
        hidden = hidden @ layer.weight.T
        hidden = (hidden - hidden.mean(0)) / (hidden.var(0, unbiased=False) + 1e-5).sqrt()
        hidden = hidden.relu()
    expected = F.normalize(hidden @ linear[2].weight.T + linear[2].bias, dim=1)
    torch.testing.assert_close(projection(features), expected, atol=1e-5, rtol=0)
