import itertools

import pytest
from selenium.webdriver.common.by import By

from tests.pipeline.gallery.conftest import picture, real


def test_pixels_are_enlarged_by_whole_numbers_and_photographs_shrunk(page, tables):
    sizes = [(16, 16), (28, 28), (300, 200)]
    rows = [real(str(i), image=picture(i, *size)) for i, size in enumerate(sizes)]
    page.open(tables(["cat"], rows).page())

    shown = page.browser.find_elements(By.CSS_SELECTOR, ".card img")
    found = [(s.size["width"], s.size["height"]) for s in shown]
    assert found == [(128, 128), (112, 112), (128, 85)]
    ways = [s.value_of_css_property("image-rendering") for s in shown]
    assert ways == ["pixelated", "pixelated", "auto"]


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("width", [400, 1280])
def test_cards_stand_in_the_grid_and_not_over_one_another(page, pets_page, size, width):
    page.browser.set_window_size(width, 900)
    try:
        page.open(pets_page, f"#size={size}")
        boxes = page.run("""
            const end = document.getElementById("grid").getBoundingClientRect().right;
            return [...document.querySelectorAll(".card")].map((card) => {
                const { left, top, right, bottom } = card.getBoundingClientRect();
                return [left, top, right, bottom, end, card.scrollHeight - card.clientHeight];
            });
        """)
    finally:
        page.browser.set_window_size(1280, 900)
    assert all(right <= end and hidden <= 0 for _, _, right, _, end, hidden in boxes)
    for one, other in itertools.combinations(boxes, 2):
        beside = one[2] <= other[0] or other[2] <= one[0]
        assert beside or one[3] <= other[1] or other[3] <= one[1]
