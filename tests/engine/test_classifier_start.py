import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.tensors import Rows, training_data
from sau.engine.classifier_start import start_at_class_means
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewOptions

VIEWS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.3, 0.4)))


def test_class_means_are_those_of_a_slow_loop(generator: Generator) -> None:
    """Of four classes, one of which has no image and keeps its weight."""
    pixels = torch.randint(0, 256, (9, 3, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 3, 3, 3])
    config = NetworkConfig("resnet8", 2, 4, classifier="cosine", classifier_scale=25.0)
    network = Network(config)
    before = network.classifier.weight.detach().clone()
    data = training_data(Rows(pixels, labels), torch.device("cpu"))
    start_at_class_means(network, data, VIEWS)
    assert network.training
    network.eval()
    with torch.no_grad():
        features = network.features(VIEWS.normalisation.from_bytes(pixels))
    for label in range(4):
        own = features[labels == label]
        expected = F.normalize(own.mean(dim=0), dim=0) if len(own) else before[label]
        torch.testing.assert_close(network.classifier.weight[label].detach(), expected)
