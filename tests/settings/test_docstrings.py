from sau.settings.docstrings import argument_texts


def documented(first: int, second: str) -> None:
    """Do a thing.

    Args:
        first: how many; at
            least one.
        second: what: a name.

    Raises:
        ValueError: never.
    """


def last(first: int) -> None:
    """Do a thing.

    Args:
        first: the only one.
    """


def test_texts_are_those_of_the_section() -> None:
    texts = {"first": "how many; at least one.", "second": "what: a name."}
    assert argument_texts(documented) == texts
    assert argument_texts(last) == {"first": "the only one."}


def test_docstring_may_lack_the_section() -> None:
    assert argument_texts(test_docstring_may_lack_the_section) == {}
