"""What trained networks say of their validation images."""

from pathlib import Path
from typing import Any

import pytest

from sau.assets.trained_on import RealImages
from sau.assets.validated import read_validated
from sau.core.errors import UserError
from sau.networks import Network, NetworkConfig

NAMES = ["ant", "bee", "cat"]
REAL = RealImages(Path("real.parquet"), {"a" * 64}, NAMES)


def network(folder: Path, images: list[int], right: list[int], **facts: Any) -> str:
    """Save a small network with its counts; `facts` take the place of what it says."""
    path = folder / f"network-{len(list(folder.iterdir()))}"
    says = {
        "class_names": NAMES,
        "provenance": {"inputs": {"train_images": ["a" * 64]}},
        "validation": {"images": images, "right": right},
        **facts,
    }
    saved = {key: value for key, value in says.items() if value is not None}
    Network(NetworkConfig("resnet8", 4, 3)).save_pretrained(path, **saved)
    return str(path)


def test_counts_of_several_networks_add_up(tmp_path: Path) -> None:
    folders = [network(tmp_path, [4, 2, 0], [3, 1, 0]), network(tmp_path, [4, 3, 1], [4, 0, 0])]
    found = read_validated(folders, REAL, "complement.need")
    assert (found.images, found.right) == ([8, 5, 1], [7, 1, 0])
    assert len(found.weights) == 2


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"validation": None}, "trained without validation images"),
        ({"class_names": NAMES[::-1]}, "its classes are others, or in another order"),
        ({"provenance": {}}, "nothing says which images it was trained on"),
        ({"provenance": {"inputs": {"train_images": ["b" * 64]}}}, "trained on other images"),
    ],
)
def test_network_whose_word_does_not_count_is_refused(
    tmp_path: Path, facts: dict[str, Any], message: str
) -> None:
    folder = network(tmp_path, [1, 1, 1], [1, 1, 1], **facts)
    with pytest.raises(UserError, match=message) as raised:
        read_validated([folder], REAL, "complement.need")
    assert str(raised.value).startswith(f"complement.need: {folder}: ")


def test_network_in_the_place_of_another_run_is_refused(tmp_path: Path) -> None:
    made = {"inputs": {"train_images": ["a" * 64]}, "seed": 0}
    folder = Path(network(tmp_path, [1, 1, 1], [1, 1, 1], provenance=made))
    (tmp_path / "seed-1").mkdir()
    moved = folder.rename(tmp_path / "seed-1" / "model")
    with pytest.raises(UserError, match="model: lies where seed 1 belongs, but was made for 0"):
        read_validated([str(moved)], REAL, "complement.need")


def test_network_of_an_earlier_epoch_leads_to_the_last_one(tmp_path: Path) -> None:
    last = Path(network(tmp_path, [1, 1, 1], [1, 1, 1]))
    (last / "epoch-3").mkdir()
    earlier = network(last / "epoch-3", [1, 1, 1], [1, 1, 1], validation=None)
    inside = Path(earlier).rename(last / "best_on_validation")
    with pytest.raises(UserError, match="of an earlier epoch, .* last network") as raised:
        read_validated([str(inside)], REAL, "complement.need")
    assert str(raised.value).endswith(f", {last}")


def test_folder_that_is_none_or_damaged_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="complement.need: .*no such folder"):
        read_validated([str(tmp_path / "no")], REAL, "complement.need")
    folder = Path(network(tmp_path, [1, 1, 1], [1, 1, 1]))
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"right": [', '"right": [9, '))
    with pytest.raises(UserError) as raised:
        read_validated([str(folder)], REAL, "complement.need")
    assert "not as it was written" in str(raised.value)
