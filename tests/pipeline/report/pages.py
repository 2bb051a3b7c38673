"""The report's two stages run on made manifests, and ways to read their pages."""

from html.parser import HTMLParser

from sau.pipeline.report.grid import Grid
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.report.stage import overview, report
from tests.pipeline.report.conftest import BOUNDS, METHODS, grid_row

SETTINGS = ReportSettings(title="Pets", note="Only <b>tests</b>.", sheet_images=3)
OUTPUTS = ("html", "markdown", "csv", "figure")
FIGURE_OUTPUTS = ("curves", "confusion", "noise")


NOISE_HEADER = (
    "method,epoch,class,seeds,synthetic,noise,share,wrong,found,precision,precision_low,"
    "precision_high,recall,recall_low,recall_high\n"
)


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
    overview(metrics=metrics, **out, **more, settings=settings)
    return {name: path.read_bytes() for name, path in out.items()}


def expected_of():
    papers = {"ce": "CE", "ce-balanced": "CE", "sau": "SAU"}
    factors = ["100", "10"]
    rows = [grid_row(*names, factors, paper=papers[names[0]]) for names in METHODS]
    return Grid("pets-lt", rows, factors, [0], [0, 1], BOUNDS).to_json()


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
