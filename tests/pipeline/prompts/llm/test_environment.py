import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.llm.environment import is_bypassed, proxy_for
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, error, good

NOWHERE = "http://127.0.0.1:1"
HUSH = "hush"


@pytest.fixture(autouse=True)
def _no_certificates(monkeypatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


WORKING = [
    {"ALL_PROXY": "socks5://127.0.0.1:1", "NO_PROXY": "localhost,127.0.0.1"},
    {"HTTP_PROXY": NOWHERE, "NO_PROXY": "*"},
    {"HTTP_PROXY": NOWHERE, "NO_PROXY": "127.0.0.0/8"},
    {"HTTP_PROXY": NOWHERE, "NO_PROXY": "[::1], 127.0.0.1"},
    {"HTTP_PROXY": "what is this", "NO_PROXY": "127.0.0.1"},
    {"HTTPS_PROXY": "socks9://127.0.0.1:1"},
    {"NO_PROXY": "fd07:b51a:cc66:f0::/64,[::1],::1,a b"},
    {"SSL_CERT_FILE": "/nowhere/cert.pem"},
    {"SSL_CERT_DIR": "/nowhere"},
    {"OPENAI_BASE_URL": "no address"},
    {"OPENAI_CUSTOM_HEADERS": "x"},
    {"OPENAI_ORG_ID": "org-1", "OPENAI_CUSTOM_HEADERS": "X-A: 1\nX-B: 2"},
]


@pytest.mark.parametrize("variables", WORKING, ids=str)
def test_environment_that_is_of_no_concern_stops_nothing(stage, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Loopback(good) as server:
        assert stage.run(server.url, ["bee"])["source"].tolist() == ["llm"]


BROKEN = [
    ("ALL_PROXY", f"socks5://me:{HUSH}@127.0.0.1:1", "SOCKS proxy"),
    ("all_proxy", "socks5h://127.0.0.1:1", "SOCKS proxy"),
    ("HTTP_PROXY", f"socks4://me:{HUSH}@127.0.0.1:1", "no proxy that can be used"),
    ("HTTP_PROXY", "ftp://127.0.0.1:1", "no proxy that can be used"),
    ("HTTP_PROXY", "http://127.0.0.1:99999", "no proxy that can be used"),
    ("HTTP_PROXY", "http://127.0.0.1:port", "no proxy that can be used"),
    ("HTTP_PROXY", "http://[::1", "no proxy that can be used"),
    ("http_proxy", "http://", "no proxy that can be used"),
    ("OPENAI_ORG_ID", "söme", "letters beyond ASCII"),
    ("OPENAI_PROJECT_ID", "a\nb", "a line break"),
    ("OPENAI_ORG_ID", "a\x7fb", "a line break"),
    ("OPENAI_CUSTOM_HEADERS", "X-A: ü", "letters beyond ASCII"),
    ("OPENAI_CUSTOM_HEADERS", "X-A: a\rX-B: b", "a line break"),
    ("OPENAI_CUSTOM_HEADERS", "X A: b", "no header"),
    ("OPENAI_CUSTOM_HEADERS", ": b", "no header"),
]


@pytest.mark.parametrize(("name", "value", "words"), BROKEN)
def test_environment_that_cannot_work_is_a_line_before_any_request(
    stage, monkeypatch, name, value, words
):
    monkeypatch.setenv(name, value)
    with Loopback(good) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"])
    said = str(raised.value)
    assert said.startswith(f"{name}: ")
    assert words in said
    assert "\n" not in said
    assert HUSH not in said
    assert value not in said or value == "http://"
    assert server.calls == []


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_a_line(stage, monkeypatch, name):
    monkeypatch.setenv(name, "/nowhere/else")
    with pytest.raises(UserError) as raised:
        stage.run("https://127.0.0.1:1", ["bee"])
    assert str(raised.value).startswith(f"{name}: /nowhere/else: no certificates can be read there")


def test_certificates_that_are_none_are_a_line(stage, monkeypatch, tmp_path):
    (tmp_path / "cert.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with pytest.raises(UserError, match="SSL_CERT_FILE: .*cert.pem: no certificates can be read"):
        stage.run("https://127.0.0.1:1", ["bee"])


def test_proxy_is_used_and_named_where_it_fails(stage, monkeypatch):
    with Loopback(lambda call: Reply(error("not you"), 407)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(UserError) as raised:
            stage.run("http://server.example", ["bee"])
    assert "http://server.example/v1 through the proxy that HTTP_PROXY names" in str(raised.value)
    assert "HTTP 407: not you" in str(raised.value)
    assert [call.path for call in proxy.calls] == ["http://server.example/v1/chat/completions"]


def test_connection_to_no_tls_is_asked_once(stage):
    with Loopback(good) as server, pytest.raises(UserError) as raised:
        stage.run(server.url.replace("http:", "https:"), ["bee"])
    assert "connection lost" in str(raised.value)
    assert "is it the right address?" in str(raised.value)


def test_name_that_there_is_not_is_asked_once(stage):
    with pytest.raises(UserError, match="says: connection lost .*is it the right address"):
        stage.run("http://no-such-host.invalid", ["bee"], retry_wait=100.0)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://exa mple.org",
        "http://a\u2028b",
        "http://" + "a" * 70 + ".org",
        "http://xn--a.org",
        "http://.",
        "http://a..b",
    ],
)
def test_address_that_is_none_is_a_line(stage, url):
    with pytest.raises(UserError, match="prompts.base_url") as raised:
        stage.run(url, ["bee"], max_retries=0)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "parameters", [{"top_p": float("nan")}, {"a": {1, 2}}, {"user": "\ud83d"}, {"a": [object()]}]
)
def test_parameters_that_no_request_can_hold_are_a_line(stage, parameters):
    with Loopback(good) as server, pytest.raises(UserError) as raised:
        stage.run(server.url, ["bee"], parameters=parameters)
    assert "prompts.parameters" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert server.calls == []


@pytest.mark.parametrize(
    ("host", "entries", "bypassed"),
    [
        ("a.example.org", ["example.org"], True),
        ("a.example.org", [".example.org"], True),
        ("a.example.org", ["*.example.org"], True),
        ("example.org", ["EXAMPLE.org:8000"], True),
        ("myexample.org", ["example.org"], False),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("11.1.2.3", ["10.0.0.0/8", "10.1.2.3"], False),
        ("::1", ["[::1]"], True),
        ("fd07::1", ["fd07::/16"], True),
        ("a.org", ["", " ", "/", "[", "."], False),
    ],
)
def test_entry_of_no_proxy_names_hosts_and_networks(host, entries, bypassed):
    assert is_bypassed(host, entries) is bypassed


def test_proxy_without_a_scheme_speaks_http(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "127.0.0.1:3128")
    found = proxy_for("http://server.example/v1")
    assert (found.variable, found.url) == ("HTTP_PROXY", "http://127.0.0.1:3128")
    assert proxy_for("https://server.example/v1") is None
