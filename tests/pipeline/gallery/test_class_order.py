import pandas as pd

from sau.pipeline.gallery.class_order import smallest_first

IMAGES = pd.DataFrame({"id": list("abcdef"), "label": [0, 0, 1, 1, 2, 2]})


def test_class_with_the_fewest_real_images_comes_first():
    assert "".join(smallest_first(IMAGES, [9, 2, 5])["id"]) == "cdefab"
    assert "".join(smallest_first(IMAGES, [9, 2, 2])["id"]) == "efcdab"


def test_last_class_of_a_balanced_set_comes_first():
    assert "".join(smallest_first(IMAGES, [100, 99, 101])["id"]) == "efcdab"
    assert smallest_first(IMAGES.iloc[:0], []).empty
