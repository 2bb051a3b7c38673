import pandas as pd

from scripts.label_correction_table import table_of

RUNS = pd.DataFrame(
    {
        "row": ["paper", "paper", "off", "off", "budget"],
        "swapped": [0.2] * 5,
        "seed": [0, 1, 0, 1, 1],
        "validation": [70.0, 74.0, 75.0, 77.0, 71.0],
        "test": [60.0, 64.0, 63.0, 67.0, 65.0],
    }
)
NOISE = pd.DataFrame(
    [
        ("paper", 0.2, seed, epoch, label, made, noise, 10, found)
        for seed in (0, 1)
        for epoch in (1, 2)
        for label, made, noise, found in ((0, 0, 0, 0), (1, 50, 20 * epoch, 5), (2, 50, 45, 10))
    ],
    columns=["row", "swapped", "seed", "epoch", "label", "synthetic", "noise", "wrong", "found"],
)


def test_table_has_means_differences_and_rates_of_the_last_epoch():
    _, _, paper, off, budget = table_of(RUNS, NOISE).splitlines()

    assert paper.startswith("| paper | 20% | 2 | 72.00 ± 2.83 | 62.00 ± 2.83 |  | -3.0 (")
    assert "(-3.0 to -3.0) | 0.85 (" in paper
    # Of 200 samples 170 are called noise, 30 of them rightly, and 60 are wrong.
    assert " | 0.18 (" in paper
    assert " | 0.50 (" in paper
    assert off.startswith("| off | 20% | 2 | 76.00 ± 1.41 | 65.00 ± 2.83 | +3.0 (+3.0 to ")
    assert " to +3.0) |  | none" in off
    assert off.endswith("| none |  |  |  |")
    assert "| 1 | 71.00 | 65.00 | +1.0 | -2.0 | none" in budget  # over the one seed that both have
