import csv
import logging
import re
from html.parser import HTMLParser

import pytest

from sau import manifest
from sau.errors import UserError
from sau.report.grid import Grid, GridRow
from sau.report.settings import ReportSettings
from sau.report.stage import overview, report
from sau.report.statements import leak_check
from tests.report.conftest import METHODS

SETTINGS = ReportSettings(title="Pets", note="Only <b>tests</b>.", sheet_images=3)
OUTPUTS = ("html", "markdown", "csv", "figure")
FIGURE_OUTPUTS = ("curves", "confusion", "noise")


def run_report(files, folder="out", **changes):
    out = {name: files.folder / folder / f"report.{name}" for name in (*OUTPUTS, *FIGURE_OUTPUTS)}
    inputs = files.inputs
    del inputs["folder"]
    report(**(inputs | out | changes), settings=SETTINGS)
    out |= {name: path for name, path in changes.items() if name in out}
    assert out.pop("figure").read_bytes().startswith(b"\x89PNG")
    return {name: path.read_text(encoding="utf-8") for name, path in out.items()}


def run_overview(metrics, folder, settings=SETTINGS, **more):
    out = {name: folder / f"overview.{name}" for name in (*OUTPUTS, "paper")}
    overview(metrics, **out, **more, settings=settings)
    return {name: path.read_bytes() for name, path in out.items()}


class Addresses(HTMLParser):
    """Collect tags, and every attribute that could fetch something."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "xlink:href", "data")]


def assert_stands_alone(page):
    found = Addresses(page)
    assert not found.tags & {"script", "link", "iframe", "object", "b"}
    assert all(a.startswith(("data:image/", "#")) for a in found.addresses)
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page


def markdown_tables(text):
    """Return each table as a list of rows, by the bold or `##` line before it."""
    tables, heading = {}, ""
    for line in text.splitlines():
        if line.startswith(("**", "## ")):
            heading = line.strip("*# ")
        elif line.startswith("| ") and "---" not in line:
            cells = [cell.strip().replace("\\", "") for cell in line.strip("|").split("|")]
            tables.setdefault(heading, []).append(cells)
    return tables


def test_markdown_says_the_numbers_of_the_csv(fake):
    out = run_report(fake())

    rows = list(csv.DictReader(out["csv"].splitlines()))
    tables = markdown_tables(out["markdown"])
    assert len(rows) == 2 * 3
    for selection, heading in (
        ("last", "Top-1, last epoch"),
        ("best_on_test", "Top-1, best epoch, chosen on the test set"),
    ):
        header, *lines = tables[heading]
        selected = [row for row in rows if row["selection"] == selection]
        for line, row in zip(lines[:3], selected, strict=True):
            cells = dict(zip(header, line, strict=True))
            assert cells["Method"] == row["label"]
            assert cells["Seeds"] == row["seeds"] == "2"
            for split in ("all", "many", "medium", "few"):
                assert cells[split] == f"{row[f'{split}_mean']} ± {row[f'{split}_std']}"
                assert f"{row[f'{split}_mean']}<small> ± {row[f'{split}_std']}" in out["html"]


def test_html_needs_nothing_but_itself(fake):
    files = fake()

    assert_stands_alone(run_report(files)["html"])
    assert_stands_alone(run_overview(files.metrics, files.folder)["html"].decode())


def test_names_and_prompts_are_text(fake):
    evil = "<script>alert(1)</script>"
    files = fake(class_names=("cat", evil, "a|b $x$"), prompt='">' + evil + "{name}")

    out = run_report(files)

    assert "<script" not in out["html"]
    assert "&lt;script&gt;alert(1)" in out["html"]
    assert "Only &lt;b&gt;tests" in out["html"]
    assert "<script" not in out["markdown"]
    assert "a\\|b" in out["markdown"]


def test_same_bytes_twice(fake):
    files = fake()

    assert run_report(files, "first") == run_report(files, "second")
    one, two = files.folder / "one", files.folder / "two"
    assert run_overview(files.metrics, one) == run_overview(files.metrics, two)


def test_a_single_seed_shows_no_deviation(fake):
    out = run_report(fake(seeds=(0,)))

    tables = markdown_tables(out["markdown"])
    assert not any("±" in cell for row in tables["Top-1, last epoch"] for cell in row)
    rows = list(csv.DictReader(out["csv"].splitlines()))
    assert {row["all_std"] for row in rows} == {""}


def test_a_run_without_any_synthetic_image(fake):
    methods = [("ce", "CE", "cross_entropy", "real")]

    out = run_report(fake(methods=methods, synthetic=False, failed=0))

    assert "Synthetic images: none" in out["markdown"]
    assert "none of these runs corrects labels" in out["markdown"]
    assert "Noise found" not in out["html"]
    assert "Noise found" not in out["markdown"]
    assert out["noise"] == "method,epoch,class,seeds,synthetic,noise,share\n"
    assert "Synthetic shortage" not in out["html"]


def test_no_shards_at_all(fake):
    methods = [("ce", "CE", "cross_entropy", "real")]

    out = run_report(fake(methods=methods, synthetic=False, failed=0), synthetic_images=[])

    assert "Synthetic images: none" in out["markdown"]


def test_what_was_short_failed_capped_and_unscored_is_said(fake):
    files = fake(scored=False, shortage=3, failed=2, factor=5.0, requested="100")

    out = run_report(files)["markdown"]

    assert "5: 100 was requested and would have left a class empty" in out
    assert "no scorer configured: no image is rejected by its score" in out
    assert "Leak check: off: no synthetic image was compared" in out
    assert "dog lacks 3; ship lacks 3" in out
    assert re.search(r"\d+ made, 6 failed", out)


@pytest.mark.parametrize(("mode", "done"), [("drop", "dropped"), ("report", "reported only")])
def test_the_leak_check_is_reported(mode, done):
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


def test_a_balanced_run_without_any_synthetic_image_is_short(fake):
    out = run_report(fake(synthetic=False, failed=0))

    assert "Synthetic shortage: too few kept images" in out["markdown"]


def test_full_classes_and_scores_need_no_word(fake):
    out = run_report(fake())["markdown"]

    assert "Synthetic shortage" not in out
    assert "no scorer" not in out


def test_as_is_data_is_called_so(fake):
    assert "the data as it is" in run_report(fake(requested="as-is"))["markdown"]


def test_a_split_without_classes_shows_a_dash(fake):
    out = run_report(fake(many_above=1000, few_at_most=0))

    tables = markdown_tables(out["markdown"])
    header, first, *_ = tables["Top-1, last epoch"]
    assert dict(zip(header, first, strict=True))["many"] == "—"
    assert next(csv.DictReader(out["csv"].splitlines()))["many_mean"] == ""


def test_lists_of_other_lengths_or_orders_are_refused(fake):
    files = fake()
    with pytest.raises(UserError, match="one file of each kind"):
        run_report(files, histories=files.histories[1:])
    with pytest.raises(UserError, match="same order"):
        run_report(files, predictions=files.predictions[::-1])


def test_runs_of_different_factors_are_refused(fake):
    steep, flat = fake("steep", seeds=(0,)), fake("flat", seeds=(0,), factor=2.0, requested="2")
    lists = ("metrics", "predictions", "histories", "label_corrections", "members")
    both = {name: getattr(steep, name) + getattr(flat, name) for name in lists}

    with pytest.raises(UserError, match="requested imbalance factor"):
        run_report(steep, **both)


def test_several_data_seeds_each_show_their_members(fake):
    files = fake(data_seeds=(0, 1), seeds=(0,))

    out = run_report(files)["markdown"]

    assert "Training set, data seed 0" in out
    assert "Training set, data seed 1" in out


def test_training_sets_are_listed_with_and_without_synthetic_images(fake):
    out = run_report(fake())["markdown"]

    assert re.search(r"- Training set: 42 real images; members sha256 [0-9a-f]{64}", out)
    assert re.search(r"- Training set: 42 real and 48 synthetic images; members sha256", out)
    rows = markdown_tables(out)["Training images"]
    assert [row[2:4] for row in rows[1:]] == [["30", "0"], ["9", "21"], ["3", "27"]]
    assert "Synthetic shortage" not in out  # of the real row nothing is lacking


def test_members_of_a_run_that_are_not_given_are_named(fake):
    files = fake()

    with pytest.raises(UserError, match="run 'ce-balanced' was trained on one with content hash"):
        run_report(files, members=files.members[:1])


VALIDATION = "best epoch, chosen on validation images"


def test_the_epoch_that_validation_chose_stands_beside_the_headline(fake, tmp_path):
    files = fake(validation=4)

    out = run_report(files)
    over = run_overview(files.metrics, tmp_path)

    text = out["markdown"]
    assert "- Validation images: 4 real images of the long tail, held out of training" in text
    tables = markdown_tables(text)
    headings = [name for name in tables if name.startswith("Top-1, ")]
    assert headings == [
        "Top-1, last epoch",
        f"Top-1, {VALIDATION}",
        "Top-1, best epoch, chosen on the test set",
    ]
    rows = list(csv.DictReader(out["csv"].splitlines()))
    assert [row["selection"] for row in rows[:3]] == ["last", "best_on_validation", "best_on_test"]
    header, first, *_ = tables[f"Top-1, {VALIDATION}"]
    shown = dict(zip(header, first, strict=True))["all"]
    assert shown == f"{rows[1]['all_mean']} ± {rows[1]['all_std']}"
    assert f"Top-1, {VALIDATION}" in out["html"]
    runs = markdown_tables(text)["Runs"]
    assert dict(zip(runs[0], runs[1], strict=True))[f"Top-1, {VALIDATION}"]
    assert runs[1][runs[0].index(f"Top-1, {VALIDATION}") + 1] == "3"
    lines = list(csv.DictReader(over["csv"].decode().splitlines()))
    assert list(lines[0])[-2:] == ["top1_best_on_test", "top1_best_on_validation"]
    assert all(line["top1_best_on_validation"] for line in lines if line["split"] == "all")
    headings = markdown_tables(over["markdown"].decode())
    assert f"Top-1 at imbalance factor, {VALIDATION}" in headings


def test_without_a_validation_split_nothing_is_said_of_one(fake, tmp_path):
    files = fake()

    out = run_report(files)
    over = run_overview(files.metrics, tmp_path)

    texts = [*out.values(), *(over[name].decode() for name in ("html", "markdown", "csv"))]
    assert not any(
        "validation" in text.lower().replace("validation_fraction", "") for text in texts
    )


def test_a_missing_row_has_a_cell_for_each_selection(fake, tmp_path):
    paths = fake(validation=4).metrics[:2]

    out = run_overview(paths, tmp_path, expected=expected_of())

    tables = markdown_tables(out["markdown"].decode())
    for words in ("last epoch", VALIDATION, "best epoch, chosen on the test set"):
        _, first, second, third = tables[f"Top-1 at imbalance factor, {words}"]
        assert first[-1] != "missing"
        assert second[-1] == third[-1] == "missing"


def test_overview_puts_factors_side_by_side(fake, tmp_path):
    steep = fake("steep", factor=10.0, requested="10")
    flat = fake("flat", factor=2.0, requested="2")

    out = run_overview([*flat.metrics, *steep.metrics], tmp_path)

    tables = markdown_tables(out["markdown"].decode())
    headings = [name for name in tables if name.startswith("Top-1 at imbalance factor")]
    assert len(headings) == 2
    assert "chosen on the test set" in headings[1]
    header, *rows = tables[headings[0]]
    assert header == ["Method", "Data", "Width", "Parameters", "10", "2"]
    assert [row[:4] for row in rows] == [
        ["CE", "real", "16", "464,154"],
        ["CE*", "balanced", "16", "464,154"],
        ["SAU", "balanced", "16", "464,154"],
    ]
    assert out["figure"].startswith(b"\x89PNG")
    assert b"Software" not in out["figure"]
    assert len(out["csv"].decode().splitlines()) == 1 + 2 * 6 * 4


def test_the_last_epochs_noise_is_a_table_of_means_per_seed(fake):
    files = fake(methods=[*METHODS, ("more", "More", "sau", "balanced")])

    out = run_report(files)

    tables = markdown_tables(out["markdown"])
    rows = list(csv.DictReader(out["noise"].splitlines()))
    for method in ("SAU", "More"):
        header, *lines = tables[method]
        assert header == ["Class", "synthetic", "called noise", "share, %"]
        assert lines[0] == ["cat", "0", "0", "—"]
        last = [row for row in rows if row["method"] == method and row["epoch"] == "4"]
        assert [line[0] for line in lines] == [row["class"] for row in last]
        for line, row in zip(lines[1:], last[1:], strict=True):
            assert float(line[1]) == int(row["synthetic"]) / 2
            assert float(line[2]) == int(row["noise"]) / 2
            assert float(line[3]) == pytest.approx(100 * float(row["share"]), abs=0.006)
    heading = out["html"].index("<h2>Noise found by label correction</h2>")
    assert out["html"].index("<svg", heading) < out["html"].index("<table", heading)
    assert "The heat map of the HTML page shows shares" in out["html"]


def test_markdown_links_the_files_beside_it(fake):
    files = fake("a folder")
    figure = files.folder / "out" / "a figure (1).png"

    out = run_report(files, figure=figure)["markdown"]
    overviews = run_overview(files.metrics, files.folder)["markdown"].decode()

    assert "(a%20figure%20%281%29.png)" in out
    assert all(f"(report.{name})" in out for name in ("csv", *FIGURE_OUTPUTS))
    assert "(overview.figure)" in overviews
    assert "(overview.csv)" in overviews


def test_links_lead_from_the_folder_of_the_page(fake):
    files = fake()

    out = run_report(files, noise=files.folder / "tables" / "noise.csv")["markdown"]

    assert "(../tables/noise.csv)" in out


def test_factors_capped_to_the_same_are_warned_of_and_kept_apart(fake, tmp_path, caplog):
    capped = [fake(f"at-{name}", factor=10.0, requested=name) for name in ("100", "200")]
    other = fake("other", factor=2.0, requested="2")

    with caplog.at_level(logging.WARNING, logger="sau.report"):
        out = run_overview([p for world in (*capped, other) for p in world.metrics], tmp_path)

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("sau.report", "WARNING")
    assert "(100 and 200: 10)" in record.getMessage()
    tables = markdown_tables(out["markdown"].decode())
    header = next(rows[0] for name, rows in tables.items() if name.startswith("Top-1 at"))
    assert header[4:] == ["10 (asked for 100)", "10 (asked for 200)", "2"]


def test_different_factors_need_no_warning(fake, tmp_path, caplog):
    worlds = [fake("steep"), fake("flat", factor=2.0, requested="2")]

    with caplog.at_level(logging.WARNING, logger="sau.report"):
        run_overview([path for world in worlds for path in world.metrics], tmp_path)

    assert not caplog.records


def test_overview_of_nothing_is_refused(tmp_path):
    with pytest.raises(UserError, match="at least one run"):
        run_overview([], tmp_path)


def expected_of():
    papers = {"ce": "CE", "ce-balanced": "CE", "sau": "SAU"}
    rows = [
        GridRow(run, label, method, data, "resnet32", 16, 4, papers[run])
        for run, label, method, data in METHODS
    ]
    return Grid("pets-lt", rows, ["100", "10"], [0], [0, 1]).to_json()


BESIDE = ReportSettings(title="Pets", paper_table=1, paper_dataset="cifar10")


def test_overview_of_nothing_that_was_expected_says_that_all_is_missing(tmp_path):
    out = run_overview([], tmp_path, expected=expected_of())

    text = out["markdown"].decode()
    assert "- Runs: 0 of 12; the others are missing" in text
    assert "Training sets" not in text
    tables = markdown_tables(text)
    assert tables["Top-1 at imbalance factor, last epoch"][3][4:] == ["missing", "missing"]
    assert "no runs yet" in out["html"].decode()
    assert out["figure"].startswith(b"\x89PNG")
    assert len(out["csv"].decode().splitlines()) == 1
    assert len(out["paper"].decode().splitlines()) == 1
    assert_stands_alone(out["html"].decode())


def test_what_is_there_stands_beside_the_paper(fake, tmp_path):
    paths = fake().metrics[1:]

    out = run_overview(paths, tmp_path, BESIDE, expected=expected_of())

    text = out["markdown"].decode()
    header, first, second, *_ = markdown_tables(text)["Beside the paper"]
    shown = dict(zip(header, second, strict=True))
    assert dict(zip(header, first, strict=True))["Ours"] == "missing"
    assert (shown["Method"], shown["Factor"], shown["Paper"]) == ("CE", "10", "86.18")
    assert shown["Runs"] == "1 of 2"
    assert f"{float(shown['Ours']) - 86.18:+.2f}" == shown["Difference"]
    assert "the figures of SAU, Table 1, cifar10" in text
    assert "(overview.paper)" in text
    rows = list(csv.DictReader(out["paper"].decode().splitlines()))
    assert len(rows) == 38
    page = out["html"].decode()
    assert "<h2>Beside the paper</h2>" in page
    assert f'<td class="n">{shown["Difference"]}</td>' in page
    assert "- Runs: 5 of 12; the others are missing" in text


def test_no_table_of_a_paper_leaves_no_trace(fake, tmp_path):
    out = run_overview(fake().metrics, tmp_path, expected=expected_of())

    assert "Beside the paper" not in out["markdown"].decode()
    assert "overview.paper" not in out["markdown"].decode()
    assert len(out["paper"].decode().splitlines()) == 1


def test_a_papers_table_needs_the_grid(fake, tmp_path):
    with pytest.raises(UserError, match="--paper-table: rows name their counterparts"):
        run_overview(fake().metrics, tmp_path, BESIDE)


def test_the_full_hash_of_every_training_set_is_said(fake, tmp_path):
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
