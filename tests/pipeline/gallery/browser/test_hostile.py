from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from tests.pipeline.gallery.conftest import real, synthetic, write_tables

EVIL = '<script>window.pwned = 1</script><img src="x" onerror="window.pwned = 2">'
NAMES = ['"quoted" & <b>bold</b>', EVIL, "</script><script>window.pwned = 3</script>", "قطة", "🐈"]


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


def test_hostile_texts_are_shown_as_text_and_run_nothing(page, hostile_page):
    page.open(hostile_page)

    assert page.texts("h1") == [EVIL]
    assert page.texts("select[name=class] option")[1:] == NAMES
    assert EVIL in page.texts(".card .two")
    assert page.texts("#grid h2 bdi")[0] == NAMES[-1]  # equal sizes: the last class first
    page.choose("class", "1")
    page.choose("kind", "rejected")
    assert page.texts("#grid h2 bdi") == [EVIL]
    assert page.texts("figure strong") == ["All classes", EVIL]
    page.browser.find_element(By.CSS_SELECTOR, ".card").click()
    assert EVIL in page.texts("dialog dd")
    assert page.run("return window.pwned") is None
    assert page.run("return document.querySelectorAll('[onerror], b').length") == 0


def test_failed_image_leaves_a_gap_with_its_reason(page, hostile_page):
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


def test_page_asks_for_nothing_and_could_not(page, pets_page):
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
