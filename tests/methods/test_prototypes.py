from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.engine.epoch_start import real_batches
from sau.methods.prototypes import PROTOTYPE_VIEWS, class_prototypes, embed_all, prototypes_of
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewOptions, auto_augment_view, sim_augment_view
from tests.training.made import training_data

OPTIONS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=2)


def make(pictures: Tensor) -> tuple[Network, TrainingData]:
    count = len(pictures)
    labels, is_synthetic = torch.arange(count) % 3, torch.arange(count) % 4 == 3
    data = training_data(pictures, labels, is_synthetic)
    return Network(NetworkConfig("resnet8", 2, 3, 6, 4)), data


def real_images(data: TrainingData, batch_size: int) -> Iterator[Batch]:
    """The real images in the views that are embedded, from the same draws each time."""
    draws = Generator().manual_seed(7)
    return real_batches(data, PROTOTYPE_VIEWS, OPTIONS, batch_size, draws)


def means(embeddings: Tensor, labels: Tensor, normalise: bool) -> Tensor:
    """Class by class and view by view, number by number."""
    result = torch.zeros(3, 2, embeddings.shape[2])
    for label in range(3):
        members = [n for n in range(len(labels)) if labels[n] == label]
        for view in (0, 1):
            total = [0.0] * embeddings.shape[2]
            for n in members:
                for place, value in enumerate(embeddings[n, view].tolist()):
                    total[place] += value / len(members)
            length = sum(value**2 for value in total) ** 0.5 if normalise else 1.0
            result[label, view] = torch.tensor(total) / length
    return result


def test_real_images_are_embedded_in_the_data_s_order(pictures: Tensor) -> None:
    network, data = make(pictures)
    embeddings, labels = embed_all(network, real_images(data, 100))
    generator = Generator().manual_seed(7)
    real = [n for n in range(len(pictures)) if not data.is_synthetic[n]]
    views = [
        view(data.images.take(torch.tensor(real)), OPTIONS, generator)
        for view in (auto_augment_view, sim_augment_view)
    ]
    network.eval()
    expected = torch.stack([network.embeddings(view).detach() for view in views], dim=1)
    assert labels.tolist() == [n % 3 for n in real]
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_prototypes_are_the_means_by_class(
    batch_size: int, normalise: bool, pictures: Tensor
) -> None:
    network, data = make(pictures)
    embeddings, labels = embed_all(network, real_images(data, batch_size))
    expected = means(embeddings, labels, normalise)
    kept = prototypes_of(embeddings, labels, 3, normalise=normalise)
    streamed = class_prototypes(network, real_images(data, batch_size), 3, normalise=normalise)
    torch.testing.assert_close(kept, expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(streamed, expected, atol=1e-6, rtol=0)
    assert bool((kept.norm(dim=2) < 1 - 1e-5).any()) != normalise


def test_prototypes_are_normalised_by_default(pictures: Tensor) -> None:
    network, data = make(pictures)
    embeddings, labels = embed_all(network, real_images(data, 5))
    found = class_prototypes(network, real_images(data, 5), 3)
    for prototype in (found, prototypes_of(embeddings, labels, 3)):
        torch.testing.assert_close(prototype.norm(dim=2), torch.ones(3, 2))


def test_embeddings_are_summed_piece_by_piece(generator: Generator) -> None:
    embeddings = F.normalize(torch.randn(50, 2, 4, generator=generator), dim=2)
    labels = torch.arange(50) % 3
    for piece in (7, 50, 4096):
        for normalise in (True, False):
            found = prototypes_of(embeddings, labels, 3, normalise=normalise, piece=piece)
            expected = means(embeddings, labels, normalise)
            torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("mode", [True, False])
def test_mode_statistics_and_gradients_are_left_alone(mode: bool, pictures: Tensor) -> None:
    network, data = make(pictures)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train(mode)
    found = class_prototypes(network, real_images(data, 5), 3)
    embeddings, _ = embed_all(network, real_images(data, 5))
    assert network.training == mode
    assert not found.requires_grad
    assert not embeddings.requires_grad
    assert torch.is_grad_enabled()
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
