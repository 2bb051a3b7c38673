import subprocess
import sys

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.engine.settings import TrainingSettings
from sau.pipeline.evaluation.settings import EvaluationSettings
from sau.pipeline.evaluation.stage import evaluation
from sau.pipeline.run_record import RunRecord
from sau.storage import manifest

SETTINGS = EvaluationSettings(many_above=2, few_at_most=1)


def provenance(**changes):
    data = changes.get("data", "balanced")
    settings = TrainingSettings(data=data).to_mapping()
    return {
        "settings": settings,
        "seed": 3,
        "data": data,
        "parameters": 1000,
        "parameters_trained": 1500,
        "width": 16,
        "dataset": "pets",
        "class_names": ["cat", "dog"],
        "imbalance_factor": 3.0,
        "requested_imbalance_factor": "10",
        "data_seed": 1,
        "run": "sau",
        "recipe": "abc",
    } | changes


def write_inputs(folder, **changes):
    """Write the predictions of a run, and its members: three and one real images, two made ones."""
    predictions = folder / "predictions.parquet"
    rows = [
        {"selection": s, "epoch": 2, "id": f"t{c}", "label": c, "predicted": 0}
        | {"confidence": 0.5, "label_probability": 0.5 - c / 4}
        for s in ("last", "best_on_test")
        for c in (0, 1)
    ]
    schemas = manifest.SCHEMAS
    made = provenance(**changes)
    manifest.write(
        predictions, "predictions", pa.Table.from_pylist(rows, schemas["predictions"]), made
    )
    members = [
        write_members(folder / f"{name}.parquet", counts, name == "synthetic")
        for name, counts in (("real", (3, 1)), ("synthetic", (0, 2)))
        if name == "real" or made["settings"]["data"] == "balanced"
    ]
    return predictions, members, folder / "metrics.parquet"


def write_members(path, counts, synthetic):
    rows = [
        {"id": f"{path.stem}{c}{i}", "label": c, "is_synthetic": synthetic}
        for c, n in enumerate(counts)
        for i in range(n)
    ]
    schema = manifest.SCHEMAS["members"]
    manifest.write(path, "members", pa.Table.from_pylist(rows, schema), {})
    return path


def test_metrics_carry_the_facts_of_the_run(tmp_path):
    paths = write_inputs(tmp_path)

    evaluation(*paths, settings=SETTINGS, label="SAU")

    made = manifest.read_metadata(paths[2])["provenance"]
    expected = {
        "dataset": "pets",
        "run": "sau",
        "label": "SAU",
        "method": "sau",
        "data": "balanced",
        "imbalance_factor": 3.0,
        "requested_imbalance_factor": "10",
        "data_seed": 1,
        "seed": 3,
        "backbone": "resnet32",
        "width": 16,
        "parameters": 1000,
        "parameters_trained": 1500,
        "epochs": 200,
        "class_names": ["cat", "dog"],
        "recipe": "abc",
        "settings": {"many_above": 2, "few_at_most": 1},
    }
    assert expected.items() <= made.items()


@pytest.mark.parametrize(("data", "synthetic"), [("balanced", 2), ("real", 0)])
def test_members_are_counted_by_their_kind(tmp_path, data, synthetic):
    paths = write_inputs(tmp_path, data=data)

    evaluation(*paths, settings=SETTINGS)

    first = manifest.read(paths[2], "metrics").to_pylist()[0]
    assert (first["train_real"], first["train_synthetic"]) == (4, synthetic)
    assert first["top1_last"] == 50


def test_metrics_have_the_same_bytes_twice(tmp_path):
    paths = write_inputs(tmp_path)
    evaluation(*paths, settings=SETTINGS)
    first = paths[2].read_bytes()

    evaluation(*paths, settings=SETTINGS)

    assert paths[2].read_bytes() == first


def test_members_of_another_training_set_are_refused(tmp_path):
    predictions, members, metrics = write_inputs(tmp_path)
    known = manifest.hash_of(members)
    write_inputs(tmp_path, members_sha256=known)
    evaluation(predictions, members, metrics, settings=SETTINGS)
    metrics.unlink()

    for others in (members[:1], members[::-1]):
        with pytest.raises(UserError, match="members that it was trained on"):
            evaluation(predictions, others, metrics, settings=SETTINGS)
        assert not metrics.exists()


def test_classes_are_counted_where_they_have_no_names(tmp_path):
    paths = write_inputs(tmp_path, class_names=[])

    evaluation(*paths, settings=SETTINGS)

    assert manifest.read(paths[2], "metrics").num_rows == 4 + 2


def test_facts_have_names_without_a_configuration():
    made = provenance(requested_imbalance_factor=None)
    del made["run"]

    facts = RunRecord.of_predictions(made)

    assert (facts.run, facts.label) == ("sau-balanced", "sau-balanced")
    assert facts.requested_imbalance_factor == "3"


def test_missing_fact_is_named():
    with pytest.raises(UserError, match="'seed'"):
        RunRecord.of_predictions(provenance(seed=None))


def test_stage_imports_no_heavy_library():
    code = (
        "import sys, sau.pipeline.evaluation.stage\n"
        "heavy = {'torch', 'matplotlib', 'snakemake', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
