from selenium.webdriver.common.by import By

from tests.pipeline.gallery.conftest import real


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


def test_address_holds_the_view_and_leads_back_to_it(page, pets_page):
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


def test_address_that_asks_for_what_is_not_there_shows_everything(page, pets_page):
    page.open(pets_page, "#class=77&kind=unreal&sort=__proto__&image=none&what=ever")

    assert page.count().startswith("30 of 30")


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


def test_page_of_real_images_alone(page, tables):
    page.open(tables(["cat"], [real("r")]).page(images=[], scores=[]))

    assert page.count() == "1 of 1 images: 1 real, 0 kept, 0 rejected"
    assert not page.browser.find_element(By.ID, "histograms").is_displayed()
    assert page.texts("select[name=sort] option") == ["class and kind", "id"]
