"""The page in a real browser, headless."""

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.gallery.conftest import Tables, picture, real, synthetic, write_tables

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="no browser: apt-get install chromium chromium-driver",
)

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --window-size=1280,900"
)

EVIL = '<script>window.pwned = 1</script><img src="x" onerror="window.pwned = 2">'
NAMES = ['"quoted" & <b>bold</b>', EVIL, "</script><script>window.pwned = 3</script>", "قطة", "🐈"]

MOST_IMAGES = 300
"""Twice the window holds fewer, at any size of tile."""


class Page:
    """A page that is open in the browser."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self.browser = browser

    def open(self, path: Path, fragment: str = "") -> None:
        self.browser.get("about:blank")  # or another fragment would load nothing
        self.browser.get(path.as_uri() + fragment)
        self.wait(lambda: self.run("return document.documentElement.dataset.ready") == "yes")
        self.run("""
            window.taken = 0;
            for (const control of document.querySelectorAll("select"))
                control.addEventListener("change", () => window.taken += 1);
            document.querySelector("input").addEventListener("input", () => window.taken += 1);
        """)

    def after(self, act: Callable[[], None], inputs: int = 1) -> None:
        """Do something to the controls, and wait until the page has taken it in."""
        before = self.run("return window.taken")
        act()
        self.wait(lambda: self.run("return window.taken") == before + inputs)

    def run(self, script: str, *values: Any) -> Any:
        return self.browser.execute_script(script, *values)

    def wait(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.browser, 15).until(lambda _: condition())

    def choose(self, name: str, value: str) -> None:
        select = Select(self.browser.find_element(By.NAME, name))
        self.after(lambda: select.select_by_value(value))

    def type(self, text: str) -> None:
        field = self.browser.find_element(By.NAME, "text")
        self.after(lambda: field.send_keys(text), len(text))

    def count(self) -> str:
        return str(self.browser.find_element(By.ID, "count").text)

    def images(self) -> int:
        return int(self.run("return document.images.length"))

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return [str(text) for text in self.run(script, selector)]

    def fragment(self) -> str:
        return str(self.run("return location.hash"))

    def focused(self) -> int:
        return int(self.run("return Number(document.activeElement.dataset.index)"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert CHROMIUM
    assert DRIVER
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service(executable_path=DRIVER)  # named, or selenium would look for one to download
    browser = webdriver.Chrome(options=options, service=service)
    yield Page(browser)
    browser.quit()


@pytest.fixture(autouse=True)
def no_complaints(page: Page) -> Iterator[None]:
    """Fail for whatever the browser reports: an error of the script, or a refused request."""
    yield
    assert page.browser.get_log("browser") == []


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Three classes of one real, six kept and three rejected images each."""
    reals = [real(f"r-{label}", label) for label in range(3)]
    synthetics = [
        synthetic(
            f"s-{label}-{number}",
            label,
            score=0.1 * number - 0.03 * label,
            margin=None if number == 8 else -0.01 * number,
            rank=9 - number,
            prompt=f"A photo of pet {label} in {'snow' if number % 2 else 'sand'}.",
            rules={"dark": "brightness 0.01", "margin": "below 0"}
            if number == 0
            else {"quota": "full"}
            if number < 3
            else {},
        )
        for label in range(3)
        for number in range(9)
    ]
    return write_tables(tmp_path_factory.mktemp("pets"), ["cat", "dog", "eel"], reals, synthetics)


@pytest.fixture(scope="module")
def pets_page(pets: Tables) -> Path:
    return pets.page()


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    labels = range(len(NAMES))
    tables = write_tables(
        tmp_path_factory.mktemp("hostile"),
        NAMES,
        [real(f"r{label}{EVIL}", label) for label in labels],
        [synthetic(f"k{label}", label, prompt=EVIL) for label in labels]
        + [synthetic(f"x{label}", label, prompt=EVIL, rules={"dark": EVIL}) for label in labels]
        + [
            synthetic(f"f{label}", label, score=None, status="failed", image=None, failure=EVIL)
            for label in labels
        ],
    )
    return tables.page(settings={"title": EVIL})


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


def test_filters_change_what_is_counted_and_shown(page, pets_page):
    page.open(pets_page)
    assert page.count() == "30 of 30 images: 3 real, 18 kept, 9 rejected"
    assert 0 < page.images() <= 30

    page.choose("class", "1")
    assert page.count() == "10 of 30 images: 1 real, 6 kept, 3 rejected"
    page.choose("kind", "rejected")
    assert page.count() == "3 of 30 images: 0 real, 0 kept, 3 rejected"
    page.choose("rule", "margin")
    assert page.count() == "1 of 30 images: 0 real, 0 kept, 1 rejected"
    assert page.texts(".card .soft") == ["brightness 0.01"]
    page.browser.find_element(By.CSS_SELECTOR, "[type=reset]").click()
    page.wait(lambda: page.count().startswith("30 of 30"))

    page.type("PET 2 snow")
    assert page.count() == "4 of 30 images: 0 real, 3 kept, 1 rejected"
    page.type(" no such word")
    assert page.count() == "0 of 30 images: 0 real, 0 kept, 0 rejected"
    assert page.images() == 0
    assert page.texts("#grid p") == ["No image is as asked for."]


def test_text_is_looked_for_in_reasons_ids_and_class_names(page, pets_page):
    for text, count in (("brightness", 3), ("s-1-", 9), ("eel", 10)):
        page.open(pets_page, f"#text={text}")
        assert page.count().startswith(f"{count} of 30")


def test_images_stand_under_headings_of_class_and_kind(page, pets_page):
    page.open(pets_page, "#class=2")

    headings = ["eel, real 1 of 1", "eel, kept 6 of 6", "eel, rejected 3 of 3"]
    assert page.texts("#grid h2") == headings
    assert page.texts(".card.kept .value") == ["0.74", "0.64", "0.54", "0.44", "0.34", "0.24"]


def shown_ids(page):
    """Return the ids of all cards, which have them in their titles for want of a prompt."""
    return list(page.run("return [...document.querySelectorAll('.card')].map((e) => e.title)"))


def test_images_are_sorted_and_those_without_the_figure_come_last(page, pets_page):
    page.open(pets_page, "#class=0&sort=score")
    values = page.texts(".card .value")
    assert values == ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", ""]
    page.choose("order", "descending")
    assert page.texts(".card .value") == [*reversed(values[:-1]), ""]

    page.choose("sort", "margin")
    margins = [f"-0.0{n}" for n in range(1, 8)]
    assert page.texts(".card .value") == ["0", *margins, "", ""]
    page.choose("order", "ascending")
    assert page.texts(".card .value") == [*reversed(margins), "0", "", ""]


def test_ids_are_sorted_by_their_numbers(page, tables):
    rows = [real(f"train-{number}") for number in (10, 9, 100, 1)]
    page.open(tables(["cat"], rows).page(), "#sort=id")

    assert shown_ids(page) == ["train-1", "train-9", "train-10", "train-100"]


def test_the_address_holds_the_view_and_leads_back_to_it(page, pets_page):
    page.open(pets_page)
    page.choose("class", "1")
    page.choose("sort", "score")
    page.type("snow")
    page.wait(lambda: page.fragment() == "#class=1&text=snow&sort=score")
    count, values = page.count(), page.texts(".card .value")

    page.open(pets_page, page.fragment())

    assert (page.count(), page.texts(".card .value")) == (count, values)
    page.run("location.hash = '#kind=real'")
    page.wait(lambda: page.count() == "3 of 30 images: 3 real, 0 kept, 0 rejected")


def test_an_address_that_asks_for_what_is_not_there_shows_everything(page, pets_page):
    page.open(pets_page, "#class=77&kind=unreal&sort=__proto__&image=none&what=ever")

    assert page.count().startswith("30 of 30")


def test_the_dialog_shows_an_image_with_all_that_is_known_of_it(page, pets_page):
    page.open(pets_page, "#class=1&kind=rejected&sort=score")
    page.browser.find_element(By.CSS_SELECTOR, ".card").click()

    terms, texts = page.texts("dialog dt"), page.texts("dialog dd")
    facts = dict(zip(terms, texts, strict=True))
    assert facts["rejected: too dark"] == "brightness 0.01"
    assert facts["rejected: margin below a threshold"] == "below 0"
    assert facts["score"] == "-0.03"
    assert facts["rank in its class"] == "9"
    assert facts["pixels"] == "16 \u00d7 16"
    assert facts["id"] == "s-1-0"
    shown = page.browser.find_element(By.CSS_SELECTOR, "dialog img")
    assert shown.size == {"width": 512, "height": 512}
    assert shown.value_of_css_property("image-rendering") == "pixelated"
    page.wait(lambda: page.fragment().endswith("&image=s-1-0"))

    page.press(Keys.ARROW_RIGHT)
    assert page.texts("dialog dd")[-1] == "s-1-1"
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.browser.find_element(By.ID, "picture").is_displayed())
    assert page.focused() == 1
    page.wait(lambda: "image=" not in page.fragment())


def test_an_address_with_an_image_opens_it(page, pets_page):
    page.open(pets_page, "#image=s-2-8")

    assert page.browser.find_element(By.ID, "picture").is_displayed()
    assert page.texts("dialog dd")[-1] == "s-2-8"


def test_arrow_keys_lead_through_the_images(page, pets_page):
    page.open(pets_page, "#sort=id")
    page.run("document.querySelector('.card').focus()")
    across = page.run("return document.querySelectorAll('.row')[0].children.length")

    page.press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert page.focused() == 1 + across
    page.press(Keys.ARROW_LEFT, Keys.ARROW_UP)
    assert page.focused() == 0
    page.press(Keys.END)
    assert page.focused() == 29
    page.press(Keys.ENTER)
    assert page.browser.find_element(By.ID, "picture").is_displayed()


def test_histograms_are_of_all_classes_and_of_the_chosen_one(page, pets_page):
    page.open(pets_page)
    assert page.texts("figure figcaption") == [
        "All classes kept 18, mean 0.52 rejected 9, mean 0.07"
    ]
    page.choose("class", "2")
    captions = page.texts("figure figcaption")
    assert captions[1] == "eel kept 6, mean 0.49 rejected 3, mean 0.04"
    bars = page.texts("figure:nth-child(2) rect.kept title")
    assert len(bars) == 6
    assert all(text.endswith(": 1 kept") for text in bars)
    page.choose("measure", "margin")
    assert "3 not measured" in page.texts("figure figcaption")[0]


def test_hostile_texts_are_shown_as_text_and_run_nothing(page, hostile_page):
    page.open(hostile_page)

    assert page.texts("h1") == [EVIL]
    assert page.texts("select[name=class] option")[1:] == NAMES
    assert EVIL in page.texts(".card .two")
    assert page.texts("#grid h2 bdi")[0] == NAMES[0]
    page.choose("class", "1")
    page.choose("kind", "rejected")
    assert page.texts("#grid h2 bdi") == [EVIL]
    assert page.texts("figure strong") == ["All classes", EVIL]
    page.browser.find_element(By.CSS_SELECTOR, ".card").click()
    assert EVIL in page.texts("dialog dd")
    assert page.run("return window.pwned") is None
    assert page.run("return document.querySelectorAll('[onerror], b').length") == 0


def test_a_failed_image_leaves_a_gap_with_its_reason(page, hostile_page):
    page.open(hostile_page, "#rule=failed&class=0")

    assert page.images() == 0
    assert page.texts(".card .gap") == [EVIL]


def test_right_to_left_text_turns_only_itself(page, hostile_page):
    page.open(hostile_page, "#class=3")

    direction = "return getComputedStyle(document.querySelector(arguments[0])).direction"
    assert page.run(direction, "#grid h2 bdi") == "rtl"
    assert page.run(direction, "#grid h2") == "ltr"


def test_signs_that_turn_text_around_are_named(page, tables):
    prompt = "cat\u202egnp.\u2066x"
    page.open(tables(["cat"], [], [synthetic("s", prompt=prompt)]).page())

    assert page.texts(".card .two") == ["cat[U+202E]gnp.[U+2066]x"]


def test_the_page_asks_for_nothing_and_could_not(page, pets_page):
    page.open(pets_page)
    assert page.run("return performance.getEntriesByType('resource').length") == 0

    refused = page.run("""
        window.refused = [];
        addEventListener("securitypolicyviolation", (event) =>
            window.refused.push(event.effectiveDirective));
        new Image().src = "https://example.invalid/image.png";
        document.body.append(Object.assign(document.createElement("script"), {text: "pwned = 1"}));
        document.body.setAttribute("onclick", "window.pwned = 2");
        return fetch("https://example.invalid/").then(() => "asked", () => "refused");
    """)
    assert refused == "refused"
    page.run("document.body.click()")
    wanted = {"img-src", "script-src-elem", "script-src-attr", "connect-src"}
    page.wait(lambda: set(page.run("return window.refused")) == wanted)
    assert page.run("return window.pwned") is None
    assert all("Content Security Policy" in e["message"] for e in page.browser.get_log("browser"))


def test_pixels_are_enlarged_by_whole_numbers_and_photographs_shrunk(page, tables):
    sizes = [(16, 16), (28, 28), (300, 200)]
    rows = [real(str(i), image=picture(i, *size)) for i, size in enumerate(sizes)]
    page.open(tables(["cat"], rows).page())

    shown = page.browser.find_elements(By.CSS_SELECTOR, ".card img")
    found = [(s.size["width"], s.size["height"]) for s in shown]
    assert found == [(128, 128), (112, 112), (128, 85)]
    ways = [s.value_of_css_property("image-rendering") for s in shown]
    assert ways == ["pixelated", "pixelated", "auto"]


def test_ten_thousand_images_are_few_elements_and_all_can_be_reached(page, large_page):
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
        .map((card) => Number(card.dataset.index)).sort((a, b) => a - b)[0];
"""
"""The first image that is in sight."""


def test_another_width_keeps_the_place(page, large_page):
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


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("width", [400, 1280])
def test_no_card_stands_out_of_the_grid_or_over_another(page, pets_page, size, width):
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


def test_nothing_but_real_images(page, tables):
    page.open(tables(["cat"], [real("r")]).page(images=[], scores=[]))

    assert page.count() == "1 of 1 images: 1 real, 0 kept, 0 rejected"
    assert not page.browser.find_element(By.ID, "histograms").is_displayed()
    assert page.texts("select[name=sort] option") == ["class and kind", "id"]
