import re

import pytest

from sau.pipeline.report.statements import leak_check
from sau.storage import manifest
from tests.pipeline.report.pages import markdown_tables, run_overview, run_report

pytestmark = pytest.mark.usefixtures("undrawn")


def test_largest_and_the_smallest_class_stand_beside_the_factor(fake):
    """Their ratio is the factor but for rounding: 124 and 1 images are a factor of 100."""
    out = run_report(fake(largest=124, factor=100.0, requested="100"))["markdown"]

    assert "Imbalance factor: 100; classes of 124 to 1 real training images\n" in out


def test_statements_without_shards(fake):
    methods = [("ce", "CE", "cross_entropy", "real")]

    out = run_report(fake(methods=methods, synthetic=False, failed=0), synthetic_images=[])

    assert "Synthetic images: none" in out["markdown"]


def test_images_short_failed_capped_and_unscored_are_said(fake):
    files = fake(scored=False, shortage=3, failed=2, factor=5.0, requested="100")

    out = run_report(files)["markdown"]

    assert "5: 100 was requested and would have left a class empty" in out
    assert "no scorer configured: no image is rejected by its score" in out
    assert "Leak check: off: no synthetic image was compared" in out
    assert "dog lacks 3; ship lacks 3" in out
    assert re.search(r"\d+ made, 6 failed", out)


def test_readable_real_images_need_no_statement(fake):
    out = run_report(fake())["markdown"]

    assert "Real training images" not in out
    assert "Test images" not in out


def test_real_images_that_could_not_be_read_are_counted(fake):
    out = run_report(fake(failed_real=1))["markdown"]

    assert "Real training images: 3 of 93 could not be read; no run trains on them (column" in out


def test_test_images_that_could_not_be_read_are_counted(fake):
    out = run_report(fake(failed_test=2))["markdown"]

    assert "Test images: 6 of 66 could not be read; no run is tested on them (column" in out


@pytest.mark.parametrize(("mode", "done"), [("drop", "dropped"), ("report", "reported only")])
def test_leak_check_is_reported(mode, done):
    measure = {"limit": 0.98, "compared": 1600, "test_compared": 500, "found": 2, "skipped": None}
    skipped = measure | {"name": "embedding", "skipped": "the test images have no embedding"}
    found = [measure | {"name": "embedding"}, measure | {"name": "perceptual hash", "limit": 4}]
    facts = {"mode": mode, "test_images": 500, "found": 3, "measures": found}
    name, words = leak_check(facts)
    assert name == "Leak check"
    assert words.startswith("3 synthetic images near one of 500 real test images, " + done)
    assert words.endswith(
        "; by embedding (limit 0.98) 2 of 1,600 compared; "
        "by perceptual hash (limit 4) 2 of 1,600 compared"
    )
    _, words = leak_check(facts | {"measures": [skipped]})
    assert words.endswith("by embedding skipped: the test images have no embedding")


def test_balanced_run_without_any_synthetic_image_is_short(fake):
    out = run_report(fake(synthetic=False, failed=0))

    assert "Synthetic shortage: too few kept images" in out["markdown"]


def test_classes_that_are_full_and_scores_need_no_word(fake):
    out = run_report(fake())["markdown"]

    assert "Synthetic shortage" not in out
    assert "no scorer" not in out


def test_data_as_is_is_called_so(fake):
    assert "the data as it is" in run_report(fake(requested="as-is"))["markdown"]


def test_data_seeds_each_show_their_members(fake):
    files = fake(data_seeds=(0, 1), seeds=(0,))

    out = run_report(files)["markdown"]

    assert "Training set, data seed 0" in out
    assert "Training set, data seed 1" in out


def test_training_sets_are_listed_with_and_without_synthetic_images(fake):
    out = run_report(fake())["markdown"]

    assert "- Training set: 42 real images\n" in out
    assert "- Training set: 42 real and 48 synthetic images\n" in out
    assert len(re.findall(r"members [0-9a-f]{64}, predictions [0-9a-f]{64}\n", out)) == 6
    rows = markdown_tables(out)["Training images"]
    assert [row[2:4] for row in rows[1:]] == [["30", "0"], ["9", "21"], ["3", "27"]]
    assert "Synthetic shortage" not in out  # of the real row nothing is lacking


def test_full_hash_of_every_training_set_is_said(fake, tmp_path):
    files = fake(data_seeds=(0, 1), seeds=(0,))
    hashes = {manifest.hash_of(paths) for paths in (files.members[:1], files.members[:2])}
    hashes |= {manifest.hash_of(paths) for paths in (files.members[2:3], files.members[2:])}

    report_of_one = run_report(files)
    out = run_overview(files.metrics, tmp_path)

    assert len(hashes) == 4
    for text in (*(report_of_one[k] for k in ("markdown", "html")), out["markdown"].decode()):
        assert all(sha in text for sha in hashes)
    table = markdown_tables(out["markdown"].decode())["Training sets"]
    assert table[0] == ["Factor", "Data seed", "Members sha256", "Real", "Synthetic"]
    found = [[*row[:2], *row[3:]] for row in table[1:]]
    sizes = [["42", "0"], ["42", "48"]]
    assert found == [["10", seed, *size] for seed in "01" for size in sizes]


def test_measure_that_confuses_real_classes_is_said_to_drop_nothing():
    measure = {"name": "embedding", "limit": 0.98, "found": 9, "compared": 90, "skipped": None}
    doubted = measure | {"drops": False, "real_confused": 12, "real_compared": 500}
    facts = {"mode": "drop", "found": 9, "test_images": 500}

    _, words = leak_check(facts | {"measures": [doubted]})

    assert words.endswith(
        "by embedding nothing was dropped, as it cannot be trusted: 12 of 500 real test images are "
        "as near to one of another class"
    )
    near = "9 synthetic images near one of 500 real test images, "
    assert words.startswith(f"{near}none of them dropped, so they may be trained on; ")
    hashed = measure | {"name": "perceptual hash", "limit": 4, "found": 2}
    _, words = leak_check(facts | {"measures": [doubted, hashed]})
    assert words.startswith(f"{near}dropped if by perceptual hash; ")
    _, words = leak_check(facts | {"measures": [doubted, hashed | {"found": 0}]})
    assert words.startswith(f"{near}none of them dropped, ")
    _, words = leak_check(facts | {"measures": [measure | {"drops": True}]})
    assert "trusted" not in words
