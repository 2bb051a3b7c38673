import math

import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.metrics import area_under_risk_coverage, expected_calibration_error, shots
from sau.pipeline.evaluation.metrics import metrics_table
from sau.storage.manifest.schemas import FIGURES

BOUNDS = {"many_above": 6, "few_at_most": 2}


def members(real, synthetic):
    labels = [c for c, n in enumerate(real) for _ in range(n)]
    generated = [c for c, n in enumerate(synthetic) for _ in range(n)]
    return pa.table(
        {
            "label": pa.array(labels + generated, pa.int32()),
            "is_synthetic": [False] * len(labels) + [True] * len(generated),
        }
    )


def predictions(labels, last, best):
    count = len(labels)
    label, predicted = np.array([*labels, *labels]), np.array([*last, *best])
    confidence = 0.4 + np.random.default_rng(count).integers(0, 6, 2 * count) / 10
    given = np.where(label == predicted, confidence, (1 - confidence) / 2)
    return pa.table(
        {
            "selection": ["last"] * count + ["best_on_test"] * count,
            "label": pa.array(label, pa.int32()),
            "predicted": pa.array(predicted, pa.int32()),
            "confidence": pa.array(confidence, pa.float32()),
            "label_probability": pa.array(given, pa.float32()),
        }
    )


def slow_figures(shown, tested, of):
    """Shown are the predictions of all test images, tested those of the classes `of`."""
    recalls, f1s = [], []
    for c in of:
        hits = sum(p["label"] == p["predicted"] == c for p in shown)
        true = sum(p["label"] == c for p in shown)
        found = sum(p["predicted"] == c for p in shown)
        recalls += [hits / true] if true else []
        f1s += [2 * hits / (true + found)] if true + found else []
    columns = [[p[name] for p in tested] for name in ("label", "predicted", "confidence")]
    likelihoods = [-math.log(p["label_probability"]) for p in tested]
    return {
        "top1": 100 * sum(p["label"] == p["predicted"] for p in tested) / len(tested),
        "balanced_accuracy": 100 * sum(recalls) / len(recalls),
        "macro_f1": 100 * sum(f1s) / len(f1s),
        "ece": expected_calibration_error(*columns),
        "aurc": area_under_risk_coverage(*columns),
        "nll": sum(likelihoods) / len(likelihoods),
    }


def slow_metrics(predicted, trained, classes, many_above, few_at_most):
    """Count with loops over rows, as the split's definition reads."""
    real = [0] * classes
    synthetic = [0] * classes
    for row in trained.to_pylist():
        (synthetic if row["is_synthetic"] else real)[row["label"]] += 1
    splits = {
        "all": list(range(classes)),
        "many": [c for c in range(classes) if real[c] > many_above],
        "medium": [c for c in range(classes) if few_at_most < real[c] <= many_above],
        "few": [c for c in range(classes) if real[c] <= few_at_most],
    }
    wanted = [(name, None, of) for name, of in splits.items()]
    wanted += [("class", c, [c]) for c in range(classes)]
    rows = []
    for split, label, of in wanted:
        row = {"split": split, "label": label}
        row["train_real"] = sum(real[c] for c in of)
        row["train_synthetic"] = sum(synthetic[c] for c in of)
        selections = ("last", "best_on_validation", "best_on_test")
        for selection in selections:
            shown = [p for p in predicted.to_pylist() if p["selection"] == selection]
            tested = [p for p in shown if p["label"] in of]
            row["test_images"] = row.get("test_images", len(tested))
            found = slow_figures(shown, tested, of) if tested else dict.fromkeys(FIGURES)
            row |= {f"{figure}_{selection}": value for figure, value in found.items()}
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_metrics_equal_a_slow_loop(seed):
    random = np.random.default_rng(seed)
    classes = int(random.integers(2, 7))
    real = random.integers(0, 10, classes).tolist()
    trained = members(real, random.integers(0, 4, classes).tolist())
    labels = random.integers(0, classes, 60)
    predicted = predictions(labels, *random.integers(0, classes, (2, 60)))

    table = metrics_table(predicted, trained, classes, **BOUNDS)

    expected = slow_metrics(predicted, trained, classes, 6, 2)
    for found, slow in zip(table.to_pylist(), expected, strict=True):
        assert found == pytest.approx(slow)


def test_epoch_that_validation_chose_has_a_column_of_its_own():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 40)
    rows = {name: random.integers(0, 3, 40) for name in ("last", "best", "validation")}
    trained = members([8, 4, 1], [0, 4, 7])
    without = predictions(labels, rows["last"], rows["best"])
    third = predictions(labels, rows["validation"], labels).slice(0, 40)
    third = third.set_column(0, "selection", pa.array(["best_on_validation"] * 40))

    table = metrics_table(pa.concat_tables([without, third]), trained, 3, **BOUNDS).to_pylist()
    plain = metrics_table(without, trained, 3, **BOUNDS).to_pylist()

    expected = slow_metrics(pa.concat_tables([without, third]), trained, 3, 6, 2)
    for found, slow, other in zip(table, expected, plain, strict=True):
        assert found == pytest.approx(slow)
        none = {f"{figure}_best_on_validation": None for figure in FIGURES}
        assert other == found | none


def test_bounds_belong_to_medium_above_and_few_below():
    real = np.array([101, 100, 21, 20, 0])

    found = shots(real, many_above=100, few_at_most=20)

    assert found.tolist() == ["many", "medium", "medium", "few", "few"]


def test_synthetic_images_do_not_move_a_class_to_another_split():
    table = metrics_table(predictions([0], [0], [0]), members([1], [500]), 1, **BOUNDS)

    assert table.slice(0, 4)["train_synthetic"].to_pylist() == [500, 0, 0, 500]


def test_split_without_classes_has_no_accuracy():
    table = metrics_table(predictions([0, 1], [0, 0], [1, 1]), members([9, 8], [0, 0]), 2, **BOUNDS)

    by_split = {row["split"]: row for row in table.to_pylist()}
    assert by_split["many"]["top1_last"] == 50
    for split in ("medium", "few"):
        assert by_split[split]["top1_last"] is None
        assert by_split[split]["nll_best_on_test"] is None
        assert by_split[split]["test_images"] == 0


def test_label_that_is_no_class_is_refused():
    with pytest.raises(UserError, match="expected 0 to 1"):
        metrics_table(predictions([0, 2], [0, 0], [0, 0]), members([1, 1], [0, 0]), 2, **BOUNDS)


def test_missing_selection_is_refused():
    only_last = predictions([0], [0], [0]).slice(0, 1)

    with pytest.raises(UserError, match="best_on_test"):
        metrics_table(only_last, members([1], [0]), 1, **BOUNDS)


def test_selections_of_other_images_are_refused():
    predicted = predictions([0, 1], [0, 1], [0, 1]).slice(0, 3)

    with pytest.raises(UserError, match="other test images"):
        metrics_table(predicted, members([1, 1], [0, 0]), 2, **BOUNDS)
