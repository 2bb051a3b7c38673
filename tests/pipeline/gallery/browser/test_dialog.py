from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def test_dialog_shows_an_image_with_all_that_is_known_of_it(page, pets_page):
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


def test_address_with_an_image_opens_it(page, pets_page):
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
