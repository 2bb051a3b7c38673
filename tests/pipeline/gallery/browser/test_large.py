import time
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.pipeline.gallery.conftest import picture, real, synthetic, write_tables

MOST_IMAGES = 300
"""Twice the window holds fewer, at any size of tile."""


@pytest.fixture(scope="module")
def large_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 images of 20 classes."""
    synthetics = [
        synthetic(
            f"s-{label}-{number}",
            label,
            score=0.2 + number / 5000,
            image=picture(label * 400 + number),
            rules={} if number > 99 else {"top_fraction": "not among the best"},
        )
        for label in range(20)
        for number in range(400)
    ]
    reals = [real(f"r-{label}-{n}", label) for label in range(20) for n in range(100)]
    names = [f"class {label}" for label in range(20)]
    tables = write_tables(tmp_path_factory.mktemp("large"), names, reals, synthetics)
    return tables.page(settings={"images_per_class": 400})


def test_images_by_the_ten_thousand_are_few_elements_and_all_can_be_reached(page, large_page):
    page.open(large_page)
    assert page.count() == "10,000 of 10,000 images: 2,000 real, 6,000 kept, 2,000 rejected"
    assert 0 < page.images() < MOST_IMAGES

    for step in range(1, 5):
        page.run(f"scrollTo(0, document.documentElement.scrollHeight * {step} / 4)")
        time.sleep(0.1)
        assert page.images() < MOST_IMAGES
    page.wait(lambda: page.run("return !!document.querySelector('[data-index=\"9999\"]')"))
    last = page.browser.find_element(By.CSS_SELECTOR, '[data-index="9999"]')
    assert page.run("return arguments[0].getBoundingClientRect().bottom <= innerHeight", last)
    page.wait(lambda: page.run("return arguments[0].querySelector('img').naturalWidth", last) == 16)

    page.choose("sort", "score")
    page.choose("size", "small")
    assert page.images() < MOST_IMAGES
    page.choose("kind", "kept")
    assert page.count() == "6,000 of 10,000 images: 0 real, 6,000 kept, 0 rejected"
    page.run("document.querySelector('.card').focus()")
    page.press(Keys.END)
    assert page.focused() == 5999


IN_SIGHT = """
    const controls = document.getElementById("controls");
    const covered = Math.max(controls.getBoundingClientRect().bottom, 0);
    const cards = [...document.querySelectorAll(".card")];
    return cards.filter((card) => card.getBoundingClientRect().bottom > covered)
        .map((card) => Number(card.dataset.index)).sort((a, b) => a - b)[0] ?? -1;
"""
"""The first image that is in sight; -1 before any is drawn."""


def test_place_is_kept_at_another_width(page, large_page):
    page.open(large_page)
    page.run("scrollTo(0, 20000)")
    page.wait(lambda: page.run(IN_SIGHT) > 100)
    before = page.run(IN_SIGHT)
    across = "return document.querySelector('.row').children.length"
    columns = page.run(across)
    try:
        page.browser.set_window_size(700, 900)
        page.wait(lambda: page.run(across) < columns)
        page.wait(lambda: abs(page.run(IN_SIGHT) - before) <= columns)
    finally:
        page.browser.set_window_size(1280, 900)
