import pytest

from sau.storage.code_digest import PACKAGE, code_digest
from sau.storage.parsed_code import ParsedCode

SOURCE = '"""Words."""\n\nfrom sau.views import crop\n\nNAME = "sau.methods.sau:Sau"\n'


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "code"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sau" / "code"


def kept(folder, source=SOURCE):
    code = ParsedCode(folder)
    module = code.module(source)
    code.keep()
    return module


def test_parsed_module_names_what_it_imports_and_what_a_string_names(folder):
    assert kept(folder).imports == {"sau.views", "sau.views.crop", "sau.methods.sau"}


def test_parsed_module_is_the_same_from_the_file(folder):
    assert kept(folder) == ParsedCode(folder).module(SOURCE)


def test_parsed_modules_come_from_the_file_where_it_holds_their_text(folder):
    kept(folder)
    (path,) = folder.iterdir()
    path.write_text(path.read_text().replace("sau.views.crop", "sau.views.flip"))
    assert "sau.views.flip" in ParsedCode(folder).module(SOURCE).imports
    assert "sau.views.crop" in ParsedCode(folder).module(SOURCE + "X = 1\n").imports


def test_parsed_modules_of_others_stay_in_the_file(folder):
    kept(folder)
    kept(folder, "import sau.core\n")
    (path,) = folder.iterdir()
    assert path.read_text().count("[") == 2


@pytest.mark.parametrize("damage", [b"", b"[1, 2]", b'{"a": 3}', b'{"a": []}', b"\xff", b"nul"])
def test_damaged_cache_of_parsed_code_is_made_again(folder, damage):
    module = kept(folder)
    (path,) = folder.iterdir()
    sound = path.read_bytes()
    path.write_bytes(damage)
    assert kept(folder) == module
    assert path.read_bytes() == sound


def test_digest_is_the_same_with_and_without_its_cache(cache, monkeypatch):
    first = code_digest("training")
    assert len(list(cache.iterdir())) == 1
    assert code_digest("training") == first
    cache.parent.rename(cache.parent.with_name("away"))
    cache.parent.write_text("a file stands where the folder would")
    assert code_digest("training") == first


def test_digest_reads_its_cache(cache, monkeypatch):
    code_digest("training")
    monkeypatch.setattr("sau.storage.parsed_code._parsed", None)
    assert code_digest("training") == code_digest("training", PACKAGE)
