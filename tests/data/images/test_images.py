"""Both kinds of images give the same pixels, however they are asked."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from sau.core.errors import UserError
from sau.data.images import EncodedImages, Images, PixelImages
from sau.pipeline.training.listed import Listed
from sau.pipeline.training.load_images import Decoding, load_images
from tests.training.conftest import image_row, write_rows

COUNT, SIZE = 70, (10, 6)
"""More images than one task or one row group of `manifest` holds, and height unlike width."""

CPU = torch.device("cpu")


def encoded_picture(seed: int) -> bytes:
    """JPEG, PNG, grey and with a palette in turn."""
    generator = np.random.default_rng(seed)
    image = Image.fromarray(generator.integers(0, 256, (*SIZE, 3), dtype=np.uint8))
    form, mode = [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "P")][seed % 4]
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, form)
    return buffer.getvalue()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Images `0` to `69` in row groups of nine, beside one that failed and one nobody wants."""
    rows = [image_row(str(n), 0, encoded_picture(n)) for n in range(COUNT)]
    rows.insert(11, image_row("failed", 0, None, status="failed"))
    rows.insert(30, image_row("other", 0, encoded_picture(1000)))
    return write_rows(tmp_path / "images.parquet", "images", rows, rows_of_a_group=9)


@pytest.fixture
def order() -> list[int]:
    """Which image stands at which place: not in the manifest's order."""
    return np.random.default_rng(0).permutation(COUNT).tolist()


@pytest.fixture
def oracle(order: list[int]) -> Tensor:
    """The pixels, image by image, as Pillow has them."""
    pictures = [Image.open(io.BytesIO(encoded_picture(n))).convert("RGB") for n in order]
    return torch.stack([torch.tensor(np.asarray(p)).permute(2, 0, 1) for p in pictures])


@pytest.fixture(params=["ahead", "on demand", "on demand, three threads"])
def images(
    request: pytest.FixtureRequest, manifest: Path, order: list[int], tmp_path: Path
) -> Images:
    when = "ahead" if request.param == "ahead" else "on_demand"
    workers = 3 if "three" in request.param else 1
    ids = [str(n) for n in order]
    halves = [Listed(ids[start::2], range(start, COUNT, 2), [manifest], "key") for start in (0, 1)]
    found = load_images(halves, Decoding(when, workers, CPU, tmp_path / "cache"))
    assert isinstance(found, PixelImages if when == "ahead" else EncodedImages)
    return found


def test_pixels_are_all_in_their_places(images: Images, oracle: Tensor) -> None:
    assert (len(images), images.size, images.device) == (COUNT, SIZE, CPU)
    pixels = images.take(torch.arange(COUNT))
    assert (pixels.dtype, pixels.shape) == (torch.uint8, (COUNT, 3, *SIZE))
    assert pixels.is_contiguous()
    assert torch.equal(pixels, oracle)


def test_pieces_of_any_length_in_any_order(
    images: Images, oracle: Tensor, generator: torch.Generator
) -> None:
    places = torch.randint(COUNT, (150,), generator=generator)
    pieces = list(places.split([1, 40, 0, 33, 16, 17, 43]))
    found = list(images.batches(pieces))
    assert [len(batch) for batch in found] == [len(piece) for piece in pieces]
    assert torch.equal(torch.cat(found), oracle[places])
    assert list(images.batches([])) == []


def test_iterations_do_not_disturb_each_other(images: Images, oracle: Tensor) -> None:
    pieces = list(torch.arange(COUNT).split(20))
    backwards = [piece.flip(0) for piece in reversed(pieces)]
    pairs = zip(images.batches(pieces), images.batches(backwards), strict=True)
    for place, (one, two) in enumerate(pairs):
        assert torch.equal(one, oracle[pieces[place]])
        assert torch.equal(two, oracle[backwards[place]])


def test_subset_of_a_subset(images: Images, oracle: Tensor) -> None:
    part = images.subset(torch.tensor([5, 3, 60, 3])).subset(torch.tensor([2, 0]))
    assert (len(part), part.size) == (2, SIZE)
    assert torch.equal(part.take(torch.tensor([1, 0, 1])), oracle[torch.tensor([5, 60, 5])])


def test_batch_holds_what_is_its_own(images: Images, oracle: Tensor) -> None:
    """Whoever changes a batch changes no image."""
    images.take(torch.arange(4)).zero_()
    assert torch.equal(images.take(torch.arange(4)), oracle[:4])


def listed(manifest: Path, ids: list[str]) -> Listed:
    return Listed(ids, range(len(ids)), [manifest], "key")


@pytest.mark.parametrize("when", ["ahead", "on_demand"])
def test_missing_and_failed_images_are_named_before_any_is_read(
    when: str, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", lambda _: pytest.fail("an image was read"))
    for name in ("failed", "nobody"):
        with pytest.raises(UserError, match=f"1 members have no readable image.*'{name}'"):
            wanted = listed(manifest, ["0", name, "1"])
            load_images([wanted], Decoding(when, 1, CPU, tmp_path))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="in no manifest at all"):
        load_images([Listed(["0"], [0], [], "key")], Decoding())


def with_spoiled_image(folder: Path, spoil: Callable[[bytes], bytes]) -> Path:
    rows = [image_row(str(n), 0, encoded_picture(4 * n + 1)) for n in range(40)]
    rows[23]["image"]["bytes"] = spoil(rows[23]["image"]["bytes"])
    return write_rows(folder / "spoiled.parquet", "images", rows)


def cut(data: bytes) -> bytes:
    """Keep the header, and too little of the pixels."""
    return data[: data.index(b"IDAT") + 30]


@pytest.mark.parametrize("workers", [1, 3])
def test_worker_s_error_names_the_image_at_its_turn(workers: int, tmp_path: Path) -> None:
    path = with_spoiled_image(tmp_path, cut)
    ids = [str(n) for n in range(40)]
    with pytest.raises(UserError, match="'23' cannot be read"):
        load_images([listed(path, ids)], Decoding("ahead", workers))
    images = load_images([listed(path, ids)], Decoding("on_demand", workers, CPU, tmp_path))
    batches = images.batches(list(torch.arange(40).split(10)))
    assert [len(next(batches)) for _ in range(2)] == [10, 10]
    with pytest.raises(UserError, match="'23' cannot be read"):
        next(batches)
    assert len(images.take(torch.arange(10))) == 10, "threads still work"


@pytest.mark.parametrize("when", ["ahead", "on_demand"])
def test_bytes_that_are_no_image_are_refused_at_the_start(when: str, tmp_path: Path) -> None:
    path = with_spoiled_image(tmp_path, lambda _: b"no picture")
    with pytest.raises(UserError, match="'23' cannot be read"):
        wanted = listed(path, [str(n) for n in range(40)])
        load_images([wanted], Decoding(when, 1, CPU, tmp_path))  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["ahead", "on_demand"])
def test_sizes_that_differ_are_refused_at_the_start(when: str, tmp_path: Path) -> None:
    def row(name: str, width: int) -> dict[str, object]:
        buffer = io.BytesIO()
        Image.new("RGB", (width, 5)).save(buffer, "PNG")
        return image_row(name, 0, buffer.getvalue())

    rows = [row("a", 4), row("b", 4), row("c", 6), row("d", 6)]
    path = write_rows(tmp_path / "images.parquet", "images", rows)
    decoding = Decoding(when, 1, CPU, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="'c' is 6 x 5 pixels, but 'a' is 4 x 5 .*: set one$"):
        load_images([Listed(["a", "c"], [0, 1], [path], "one")], decoding)
    parts = [Listed(["a", "b"], [0, 1], [path], "one"), Listed(["d"], [2], [path], "two")]
    with pytest.raises(UserError, match="'d' is 6 x 5 pixels, but 'a' is .*: set one and two$"):
        load_images(parts, decoding)
    parts[1] = Listed(["b", "c"], [2, 3], [path], "two")
    with pytest.raises(UserError, match="'c' is 6 x 5 pixels, but 'b' is .*: set two$"):
        load_images(parts, decoding)


def test_file_has_no_name_and_only_the_wanted_bytes(manifest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    images = load_images([listed(manifest, ["7", "2"])], Decoding("on_demand", 1, CPU, folder))
    assert list(folder.iterdir()) == []
    assert isinstance(images, EncodedImages)
    assert [images.file.read(place) for place in images.places] == [
        encoded_picture(7),
        encoded_picture(2),
    ]
    assert len(images.file) == 2


def test_pixels_that_would_not_fit_are_refused(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, needed = listed(manifest, ["0", "1", "2"]), 3 * 3 * SIZE[0] * SIZE[1]
    monkeypatch.setattr("sau.data.images.memory.free_memory", lambda _: 2 * needed)
    assert len(load_images([wanted], Decoding("ahead"))) == 3
    monkeypatch.setattr("sau.data.images.memory.free_memory", lambda _: 2 * needed - 1)
    with pytest.raises(UserError, match="training.decode: ahead, but 3 images of 6 x 10 .*on_dem"):
        load_images([wanted], Decoding("ahead"))
    assert len(load_images([wanted], Decoding("on_demand", 1, CPU, tmp_path))) == 3
