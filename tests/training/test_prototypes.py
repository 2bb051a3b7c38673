import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.training.data import TrainingData
from sau.training.models import Network, NetworkConfig
from sau.training.prototypes import class_prototypes
from sau.training.views import Normalisation, ViewOptions, auto_augment_view, sim_augment_view

OPTIONS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=2)


def make(pictures: Tensor) -> tuple[Network, TrainingData]:
    count = len(pictures)
    labels = torch.arange(count) % 3
    data = TrainingData([str(n) for n in range(count)], pictures, labels, labels.bool() & True)
    data.is_synthetic[:] = torch.arange(count) % 4 == 3
    return Network(NetworkConfig("resnet8", 2, 3, 6, 4)), data


def test_means_of_the_real_images_by_class(pictures: Tensor) -> None:
    network, data = make(pictures)
    found = class_prototypes(network, data, OPTIONS, 3, 100, Generator().manual_seed(7))
    generator = Generator().manual_seed(7)
    real = data.images[~data.is_synthetic]
    views = [view(real, OPTIONS, generator) for view in (auto_augment_view, sim_augment_view)]
    network.eval()
    for place, view in enumerate(views):
        embeddings = network.embeddings(view).detach()
        for label in range(3):
            mean = embeddings[data.labels[~data.is_synthetic] == label].mean(dim=0)
            expected = F.normalize(mean, dim=0)
            torch.testing.assert_close(found[label, place], expected, atol=1e-5, rtol=0)


def test_mode_statistics_and_gradients_are_left_alone(pictures: Tensor) -> None:
    network, data = make(pictures)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for mode in (True, False):
        network.train(mode)
        found = class_prototypes(network, data, OPTIONS, 3, 5, Generator().manual_seed(7))
        assert network.training == mode
        assert not found.requires_grad
        torch.testing.assert_close(found.norm(dim=2), torch.ones(3, 2))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
