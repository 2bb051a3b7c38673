import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from sau.networks import product_conv
from sau.networks.product_conv import ProductConv2d, is_quicker, weight_gradient


@pytest.fixture
def layer(generator: Generator) -> ProductConv2d:
    layer = ProductConv2d(6, 10)
    with torch.no_grad():
        layer.weight.normal_(generator=generator)
    return layer


@pytest.fixture
def matrix_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that says it has one; without, the same is computed more slowly."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})


def by_autograd(images: Tensor, gradient: Tensor) -> Tensor:
    """The gradient as PyTorch computes it, in float64."""
    weight = torch.zeros(gradient.shape[1], images.shape[1], 3, 3, dtype=torch.float64)
    weight.requires_grad_()
    F.conv2d(images.double(), weight, padding=1).backward(gradient.double())
    assert weight.grad is not None
    return weight.grad


@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (7, 6, 3, 3), (5, 4, 7, 2), (4, 2, 1, 6)])
@pytest.mark.parametrize("rows", [1, 30, 5000])
def test_gradient_is_that_of_the_convolution(
    shape: tuple[int, int, int, int],
    rows: int,
    generator: Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(product_conv, "ROWS", rows)
    images = torch.randn(shape, generator=generator)
    gradient = torch.randn(shape[0], 5, *shape[2:], generator=generator)
    for layout in (torch.contiguous_format, torch.channels_last):
        found = weight_gradient(
            images.contiguous(memory_format=layout), gradient.contiguous(memory_format=layout)
        )
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), by_autograd(images, gradient), rtol=0, atol=1e-4)


def test_gradient_in_bfloat16_is_as_exact_as_its_type(generator: Generator) -> None:
    images = torch.randn(40, 8, 4, 4, generator=generator).bfloat16()
    gradient = torch.randn(40, 12, 4, 4, generator=generator).bfloat16()
    found, expected = weight_gradient(images, gradient), by_autograd(images, gradient)
    assert (found - expected).norm() / expected.norm() < 2**-8


@pytest.mark.usefixtures("matrix_unit")
def test_a_pass_in_bfloat16_has_the_gradients_of_the_usual_layer(
    layer: ProductConv2d, generator: Generator
) -> None:
    images = torch.randn(9, 6, 4, 4, generator=generator)
    usual = nn.Conv2d(6, 10, 3, padding=1, bias=False)
    usual.load_state_dict(layer.state_dict())
    towards = torch.randn(9, 10, 4, 4, generator=generator)
    gradients = []
    for each in (layer, usual):
        values = images.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            output = each(values)
        assert output.dtype == torch.bfloat16
        name = type(output.grad_fn).__name__
        assert name.startswith("_Convolve") == (each is layer)
        (output.float() * towards).sum().backward()
        assert values.grad is not None
        assert each.weight.grad is not None
        assert each.weight.grad.dtype == torch.float32
        gradients.append((values.grad, each.weight.grad))
    for found, expected in zip(*gradients, strict=True):
        assert (found - expected).norm() / expected.norm() < 2**-7


@pytest.mark.usefixtures("matrix_unit")
def test_frozen_weights_and_inputs_have_no_gradient(
    layer: ProductConv2d, generator: Generator
) -> None:
    images = torch.randn(2, 6, 2, 2, generator=generator).bfloat16()
    layer.bfloat16()(images).float().sum().backward()
    assert images.grad is None
    assert layer.weight.grad is not None
    layer.weight.requires_grad_(False)
    layer.weight.grad = None
    images.requires_grad_()
    layer(images).float().sum().backward()
    assert images.grad is not None
    assert layer.weight.grad is None


@pytest.mark.usefixtures("matrix_unit")
def test_elsewhere_it_is_the_usual_convolution(layer: ProductConv2d, generator: Generator) -> None:
    images = torch.randn(2, 6, 4, 4, generator=generator)
    assert "Convolution" in type(layer(images).grad_fn).__name__  # float32
    large = torch.randn(1, 6, 9, 9, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        assert "Convolution" in type(layer(large).grad_fn).__name__
        layer.eval()
        assert "Convolution" in type(layer(images).grad_fn).__name__


def test_small_maps_are_quicker_and_larger_ones_with_many_channels() -> None:
    assert is_quicker(torch.Size([1, 1, 4, 4]))
    assert is_quicker(torch.Size([1, 256, 7, 7]))
    assert not is_quicker(torch.Size([1, 64, 7, 7]))
    assert not is_quicker(torch.Size([1, 256, 15, 15]))
