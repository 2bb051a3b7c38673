import hashlib
import pickle

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.pipeline.dataset.load import load
from sau.pipeline.dataset.settings import DatasetSettings
from tests.sources.make_images import pixels_of

datasets = pytest.importorskip("torchvision.datasets")


def put_batch(folder, name, content):
    """Write one pickle as the CIFAR archives hold them; return what torchvision lists it as."""
    folder.mkdir(parents=True, exist_ok=True)
    data = pickle.dumps(content)
    (folder / name).write_bytes(data)
    return [name, hashlib.md5(data, usedforsecurity=False).hexdigest()]


def images(count, seed):
    """Rows as in the archives: 1024 red, 1024 green, 1024 blue values."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A CIFAR-10 of 20 and 10 images and a CIFAR-100 of 100 and 100, MD5 sums and all."""
    for reader, key, names, train, test in (
        (datasets.CIFAR10, "labels", [f"c{i}" for i in range(10)], ["one", "two"], "test_batch"),
        (datasets.CIFAR100, "fine_labels", [f"f{i}" for i in range(100)], ["train"], "test"),
    ):
        folder = tmp_path / reader.base_folder
        content = {key: list(range(len(names)))[::-1]}
        parts = [
            put_batch(folder, name, content | {"data": images(len(names), seed)})
            for seed, name in enumerate([*train, test])
        ]
        meta = put_batch(folder, reader.meta["filename"], {reader.meta["key"]: names})
        monkeypatch.setattr(reader, "train_list", parts[:-1])
        monkeypatch.setattr(reader, "test_list", parts[-1:])
        monkeypatch.setattr(reader, "meta", reader.meta | {"md5": meta[1]})
    return tmp_path


def test_cifar10(cifar):
    names, train, test = load(DatasetSettings(source="cifar10", folder=str(cifar)))
    assert names == [f"c{i}" for i in range(10)]
    assert train.ids[:3] == [f"real/cifar10/train/{i:05d}" for i in (9, 19, 8)]
    assert train.labels.tolist() == [label for label in range(10) for _ in range(2)]
    assert test.ids[0] == "real/cifar10/test/00009"
    expected = images(10, seed=1)[9].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(pixels_of(list(train.records())[1].data), expected)


def test_cifar100_has_its_fine_labels(cifar):
    names, train, test = load(DatasetSettings(source="cifar100", folder=str(cifar)))
    assert (len(names), len(train), len(test)) == (100, 100, 100)
    assert train.ids[0] == "real/cifar100/train/00099"


def test_missing_or_changed_files(cifar, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(UserError, match="no intact cifar-10-batches-py in it.*download: true"):
        load(DatasetSettings(source="cifar10", folder=str(empty)))
    for name in ("test_batch", "batches.meta"):
        (cifar / "cifar-10-batches-py" / name).write_bytes(b"changed")
        with pytest.raises(UserError, match="files of another MD5"):
            load(DatasetSettings(source="cifar10", folder=str(cifar)))


def test_failed_download_says_so(tmp_path, monkeypatch):
    def fail(self):
        raise OSError("no route\nto host")

    monkeypatch.setattr(datasets.CIFAR10, "download", fail)
    with pytest.raises(UserError, match=r"download failed \(no route to host\)"):
        load(DatasetSettings(source="cifar10", folder=str(tmp_path), download=True))
