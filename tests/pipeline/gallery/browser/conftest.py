"""A headless browser, started once for all tests here, and a page for them to look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.pipeline.gallery.conftest import Tables, real, synthetic, write_tables

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --window-size=1280,900"
)


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


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("no browser: apt-get install chromium chromium-driver")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def pets_page(pets: Tables) -> Path:
    return pets.page()
