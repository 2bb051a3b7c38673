import pytest

from sau.storage.sealed import BrokenSealError, sealed_text, unsealed

VALUES = {
    "epoch": 3,
    "history": [[1, "loss/total", 1 / 3]],
    "large": 2**100,
    "text": "Zürich \ud800",
}


def test_sealed_values_come_back() -> None:
    assert unsealed(sealed_text(VALUES)) == VALUES
    assert unsealed(sealed_text(VALUES, indent=2)) == VALUES


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "3", "[]", "{}", '{"seal": 3}', '{"seal": null, "epoch": 3}', "[" * 100_000),
        sealed_text(VALUES).replace("3", "4", 1),
        sealed_text(VALUES).replace("epoch", "Epoch"),
    ],
)
def test_texts_without_a_true_seal_are_refused(text: str) -> None:
    with pytest.raises(BrokenSealError):
        unsealed(text)
