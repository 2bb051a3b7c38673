"""The public face: what `import sau` offers, and what it costs."""

import inspect
import subprocess
import sys

import pytest

import sau

CHECK = """
import sys
import sau
heavy = {"torch", "numpy", "diffusers", "pandas", "pyarrow", "pydantic"} & set(sys.modules)
assert not heavy, heavy
inside = [name for name in sys.modules if name.startswith("sau.")]
assert not inside, inside
"""


def public_names() -> list[str]:
    return [name for name in sau.__all__ if name != "__version__"]


def test_import_of_the_package_loads_nothing_else() -> None:
    found = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("name", public_names())
def test_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(sau, name)
    assert value.__name__ == name
    text = inspect.getdoc(value)
    assert text
    assert text.split("\n\n")[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize("name", public_names())
def test_public_function_says_what_its_arguments_are(name: str) -> None:
    value = getattr(sau, name)
    if inspect.isfunction(value):
        assert value.__annotations__.get("return") is not None
        parameters = set(inspect.signature(value).parameters)
        text = inspect.getdoc(value) or ""
        if "Args:" in text:
            assert [p for p in parameters if f"{p}:" not in text] == []


def test_type_checkers_see_the_names_that_are_loaded_lazily() -> None:
    source = inspect.getsource(sau)
    block = source[source.index("if TYPE_CHECKING") : source.index("__version__ =")]
    seen = {word.split()[0].rstrip(",)") for word in block.split(" as ")[1:]}
    assert seen == set(public_names())


def test_dir_lists_the_public_names() -> None:
    assert set(sau.__all__) <= set(dir(sau))


def test_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="'trian'; did you mean 'train'?"):
        _ = sau.trian
    with pytest.raises(AttributeError, match="no attribute 'qqqqq'$"):
        _ = sau.qqqqq
