"""Which rows are run, and the figures of the paper that they stand beside."""

import pytest
import yaml

from sau.config import expected_grid, load
from sau.core.errors import UserError
from tests.paths import ROOT

CIFAR = {"paper_table": 1, "paper_dataset": "cifar10"}


@pytest.fixture
def values():
    return yaml.safe_load((ROOT / "configs" / "digits-resnet8.yaml").read_text())


def test_rows_are_all_run_unless_some_are_named(values):
    assert load(values).row_names() == ["ce", "ce-balanced", "sau"]
    values["experiment"]["rows"] = ["sau", "ce"]
    assert load(values).row_names() == ["ce", "sau"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["ce", "suu"], "config: experiment.rows: 'suu': unknown row; did you mean 'sau'?"),
        (["zz"], "unknown row; known rows: ce, ce-balanced, sau"),
        (["ce", "ce"], "experiment.rows: ['ce', 'ce'] names a value twice"),
        ([3], "3 is not of type 'string'"),
    ],
)
def test_unknown_rows_are_refused(values, rows, message):
    values["experiment"]["rows"] = rows
    with pytest.raises(UserError) as error:
        load(values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("row", "paper", "report", "message"),
    [
        ("ce", "CF", CIFAR, "training.runs.ce.paper: 'CF' on real data: unknown paper method; did"),
        ("ce", "SAU", CIFAR, "'SAU' on real data: unknown paper method"),
        ("sau", "BCL", CIFAR, "known paper methods: CE, GLMC, SAU (SAU, Table 1, cifar10)"),
        ("ce", "CE", {}, "'CE', but no table is named; set report.paper_table"),
        ("ce", None, CIFAR, "None is not of type 'string'"),
        ("ce", "CE", {"paper_table": 1}, "one is set without the other"),
        ("ce", "CE", CIFAR | {"paper_table": 9}, "SAU has no table 9 for cifar10"),
        ("ce", "CE", CIFAR | {"paper_dataset": "cifar"}, "report.paper_dataset: 'cifar' is not"),
    ],
)
def test_counterpart_that_is_not_in_the_table_is_refused(values, row, paper, report, message):
    values["training"]["runs"][row]["paper"] = paper
    values["report"] |= report
    with pytest.raises(UserError) as error:
        load(values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_grid_holds_every_run_of_the_experiment(values):
    values["experiment"] |= {"rows": ["ce", "sau"], "imbalance_factors": [100, "as-is"]}
    values["training"]["runs"]["sau"] |= {"paper": "SAU", "test_views": "flip", "epochs": 7}
    values["report"] |= CIFAR

    grid = expected_grid(load(values))

    assert grid.dataset == "digits"
    epochs = values["training"]["epochs"]
    rows = [
        ("ce", "CE", "cross_entropy", "real", "resnet8", 16, epochs, ""),
        ("sau", "SAU (flip)", "sau", "balanced", "resnet8", 16, 7, "SAU"),
    ]
    columns = ("run", "label", "method", "data", "backbone", "width", "epochs", "paper")
    assert [tuple(getattr(row, name) for name in columns) for row in grid.rows] == rows
    assert [set(row.recipes) for row in grid.rows] == 2 * [{"100", "as-is"}]
    assert grid.bounds == values["evaluation"]
    assert (grid.imbalance_factors, grid.data_seeds, grid.seeds) == (
        ["100", "as-is"],
        [0],
        [0, 1, 2],
    )
    assert grid.size() == 12


def test_papers_table_may_be_named_on_the_command_line(values):
    values["report"] |= {"paper_table": "3", "paper_dataset": "cifar10", "paper_source": "SAU"}
    assert len(load(values).report.paper_figures()) == 3
    values["report"] |= {"paper_table": "null", "paper_dataset": "null"}
    assert load(values).report.paper_figures() == []


def test_configuration_loads_no_heavy_library():
    import subprocess
    import sys

    code = (
        "import sys, sau.config, sau.settings.flags, sau.storage.provenance, sau.assets.shipped\n"
        "import sau.pipeline.filter.stage, sau.pipeline.images.beside, sau.pipeline.subset.stage\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'open_clip', 'faiss', 'pandas',"
        " 'matplotlib', 'torchvision', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_options_may_differ_at_a_factor(values):
    values["training"]["runs"]["sau"]["options"] = {"neighbours": 2, "temperature": 0.2}
    values["training"]["runs"]["sau"]["options_by_factor"] = {"10": {"neighbours": 5}}
    grid = load(values).training
    assert grid.settings_of("sau", "100") == grid.runs["sau"]
    assert grid.settings_of("sau", "10").options == {"neighbours": 5, "temperature": 0.2}
    assert grid.settings_of("ce", "10") == grid.runs["ce"]


@pytest.mark.parametrize("factor", ["10.0", "1e+1", "10."])
def test_factor_may_be_spelled_in_another_way(values, factor):
    values["training"]["runs"]["sau"]["options_by_factor"] = {factor: {"neighbours": 5}}
    assert load(values).training.settings_of("sau", "10").options["neighbours"] == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"10": {"neighbors": 5}}, "did you mean 'neighbours'?"),
        ({"ten": {"neighbours": 5}}, "options_by_factor"),
        ({"1.2.3": {"neighbours": 5}}, "'1.2.3': expected a number"),
        ({"10": {"neighbours": 5}, "1e+1": {"neighbours": 2}}, "10 is named twice"),
    ],
)
def test_odd_options_at_a_factor_are_refused(values, options, message):
    values["training"]["runs"]["sau"]["options_by_factor"] = options
    with pytest.raises(UserError) as error:
        load(values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("section", "row", "message"),
    [
        (
            {"view_set": "imagenet"},  # and cutout_size, which the file has
            {},
            "training.crop_padding: 2 has no effect with training.view_set imagenet, only with ci",
        ),
        (
            {"step_epochs": [3]},
            {},
            "training.step_epochs: [3] has no effect with training.schedule cosine, only with step",
        ),
        (
            {},
            {"view_set": "imagenet", "cutout_size": 8},
            "training.runs.sau: training.cutout_size: 8 has no effect with training.view_set imag",
        ),
        ({}, {"step_factor": 0.2}, "training.runs.sau: training.step_factor: 0.2 has no effect"),
        (
            {},
            {"second_stage": {"step_epochs": [3]}},
            "training.second_stage.step_epochs: [3] has no effect with schedule cosine",
        ),
    ],
)
def test_setting_that_no_run_has_a_use_for_is_refused(values, section, row, message):
    values["training"] |= section
    values["training"]["runs"]["sau"] |= row
    with pytest.raises(UserError) as error:
        load(values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_setting_of_the_section_may_be_meant_for_other_rows(values):
    training = values["training"]  # the file sets cutout_size and crop_padding
    training["runs"]["sau"]["view_set"] = "imagenet"
    training["runs"]["ce"] |= {"schedule": "step", "step_epochs": [3]}
    assert load(values).training.runs["sau"].cutout_size == training["cutout_size"]

    training |= {"view_set": "imagenet", "step_factor": 0.2}
    training["runs"]["ce"]["view_set"] = "cifar"
    assert load(values).training.runs["ce-balanced"].step_factor == 0.2
