from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from sau.data.images import PixelImages
from sau.data.sets import TestData
from sau.engine.prediction import TEST_BATCH, predict
from sau.networks import Network, NetworkConfig
from sau.pipeline.training.image_facts import read_facts
from sau.pipeline.training.loading import load_test
from sau.storage.manifest import read
from sau.views import Normalisation, ViewOptions
from tests.training.conftest import Inputs, pixels_of

VIEWS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)))


@pytest.fixture
def network() -> Network:
    return Network(NetworkConfig("resnet8", 2, 3), seed=2)


def some_images(count: int) -> TestData:
    generator = Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, 3, 8, 8), generator=generator, dtype=torch.uint8)
    return TestData([str(n) for n in range(count)], PixelImages(images), torch.arange(count) % 3)


def probabilities(network: Network, image: Tensor) -> list[float]:
    """Softmax of one normalised image (3, H, W)."""
    with torch.no_grad():
        return network.eval()(image[None])[0].double().softmax(dim=0).tolist()


@pytest.mark.parametrize("flip", [False, True])
def test_probabilities_of_image_and_mirror_image_are_averaged(flip: bool, network: Network) -> None:
    data = some_images(7)
    found = predict(network, data, VIEWS, 4, shown="flip" if flip else "whole")
    right = 0
    for place, image in enumerate(pixels_of(data)):
        normalised = VIEWS.normalisation.from_bytes(image[None])[0]
        expected = probabilities(network, normalised)
        if flip:
            mirrored = torch.stack([normalised[:, :, 7 - x] for x in range(8)], dim=2)
            mirror = probabilities(network, mirrored)
            assert mirror != pytest.approx(expected, rel=1e-3)
            expected = [(a + b) / 2 for a, b in zip(expected, mirror, strict=True)]
        best = max(range(3), key=expected.__getitem__)
        assert found.predicted[place] == best
        assert found.confidence[place].item() == pytest.approx(expected[best], abs=1e-5)
        of_label = found.label_probability[place].item()
        assert of_label == pytest.approx(expected[place % 3], abs=1e-5)
        right += best == place % 3
    assert found.top1 == pytest.approx(100 * right / 7)
    assert found.epoch == 4
    assert (found.predicted.dtype, found.confidence.dtype) == (torch.int32, torch.float32)


@pytest.mark.parametrize("training", [False, True])
def test_network_keeps_its_mode_and_its_statistics(training: bool, network: Network) -> None:
    network.train(training)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    predict(network, some_images(5), VIEWS, 1)
    assert network.training == training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_images_of_several_batches_keep_their_order(network: Network) -> None:
    data = some_images(TEST_BATCH + 3)
    found = predict(network, data, VIEWS, 1)
    tail = TestData(data.ids[-3:], PixelImages(pixels_of(data)[-3:]), data.labels[-3:])
    alone = predict(network, tail, VIEWS, 1)
    assert len(found.predicted) == TEST_BATCH + 3
    torch.testing.assert_close(found.confidence[-3:], alone.confidence)
    torch.testing.assert_close(found.label_probability[-3:], alone.label_probability)


def test_flip_is_used_in_a_run_that_asks_for_it(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, method="cross_entropy", epochs=1, test_views="flip")
    network = Network.from_pretrained(outputs["model"])
    normalisation = read_facts(inputs.train_images[0]).normalisation
    images = normalisation.from_bytes(pixels_of(load_test(inputs.test_images, 3)))
    with torch.no_grad():
        both = (network(images).softmax(dim=1) + network(images.flip(3)).softmax(dim=1)) / 2
    last = read(outputs["predictions"], "predictions").to_pandas().query("selection == 'last'")
    assert last["confidence"].tolist() == pytest.approx(both.amax(dim=1).tolist())
