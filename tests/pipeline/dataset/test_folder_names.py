import logging

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.pipeline.dataset.folder_names import (
    folder_of_each_class,
    imagenet_names,
    inaturalist_names,
    names_by_category,
    torchvision_names,
)
from sau.sources.naming import plain_name
from sau.sources.split_file import SplitFile


def split(*lines):
    paths, labels = zip(*lines, strict=True)
    return SplitFile("split.txt", list(paths), list(paths), np.array(labels, dtype=np.int64))


def thousand(name):
    return split(*((f"train/{name(label)}/1.JPEG", label) for label in range(1000)))


def test_folders_in_label_order_at_any_depth():
    train = split(("r/b/n2/1.jpg", 1), ("r/a/n9/1.jpg", 0), ("q/b/n2/2.jpg", 1))
    assert folder_of_each_class(train, depth=1) == ["n9", "n2"]
    assert folder_of_each_class(train, depth=2) == ["a/n9", "b/n2"]
    assert folder_of_each_class(split(("n9/1.jpg", 0)), depth=2) == ["n9"]


def test_class_in_two_folders_and_a_folder_of_two_classes():
    with pytest.raises(UserError, match="line 3: class 0 is in folder 'c', but in 'a' in line 1"):
        folder_of_each_class(split(("a/1.jpg", 0), ("b/1.jpg", 1), ("c/1.jpg", 0)), depth=1)
    with pytest.raises(UserError, match="folder 'a' holds images of 2 classes"):
        folder_of_each_class(split(("a/1.jpg", 0), ("a/2.jpg", 1)), depth=1)
    with pytest.raises(UserError, match="folder '' holds .* give dataset.class_names_file"):
        folder_of_each_class(split(("1.jpg", 0), ("2.jpg", 1)), depth=1)


def test_wordnet_ids_of_a_thousand_classes_in_order_have_torchvisions_names():
    names = imagenet_names(thousand(lambda label: f"n{label:08d}"))
    assert (names[0], names[134], names[517], names[999]) == (
        "tench",
        "crane bird",
        "crane",
        "toilet tissue",
    )


def test_torchvisions_names_are_distinct_even_without_case():
    """Names that differ in case only would be one class to a generator and to some file systems."""
    names = torchvision_names()
    assert len({plain_name(name) for name in names}) == len(names) == 1000
    assert (names[264], names[474]) == ("Cardigan Welsh corgi", "cardigan")


@pytest.mark.parametrize("name", [lambda i: f"n{999 - i:08d}", lambda i: f"class{i:04d}"])
def test_classes_by_the_thousand_that_are_not_imagenets_need_names(name):
    with pytest.raises(UserError, match="1000 classes, but their folders are not WordNet ids in"):
        imagenet_names(thousand(name))


def test_classes_that_are_fewer_are_called_by_their_folders_with_a_warning(caplog):
    train = split(("train/n2/1.jpg", 0), ("train/n1/1.jpg", 1))
    with caplog.at_level(logging.WARNING):
        assert imagenet_names(train) == ["n2", "n1"]
    assert "not ImageNet's 1000 classes but 2" in caplog.text
    assert "prompts need real names" in caplog.text


def test_inaturalists_categories():
    train = split(("t/Aves/2820/a.jpg", 1), ("t/Plantae/7477/b.jpg", 0))
    assert inaturalist_names(train) == ["Plantae/7477", "Aves/2820"]
    categories = {0: "x", 2820: "Passer domesticus", 7477: "Quercus alba"}
    assert names_by_category(train, categories) == ["Quercus alba", "Passer domesticus"]
    with pytest.raises(UserError, match="no category of id '2820', the folder of class 1 in split"):
        names_by_category(train, {0: "x", 7477: "y"})
