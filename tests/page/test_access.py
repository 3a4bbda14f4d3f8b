"""The page answers its own user alone: token, Host, Origin, and what a page of others can send."""

import socket
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from relay.page.access import Access

ACCESS = Access(4000, "the-token")
OWN = {"Host": "127.0.0.1:4000"}
OURS = OWN | {"Sec-Fetch-Site": "same-origin"}


def refusal(headers: dict[str, str], method: str = "GET", *, is_stream: bool = False) -> str | None:
    return ACCESS.refusal(method, headers, is_stream=is_stream)


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"])
def test_the_names_of_this_machine_are_taken(host: str) -> None:
    assert refusal({"Host": host}) is None


@pytest.mark.parametrize("host", ["", "127.0.0.1", "127.0.0.1:4001", "relay.example:4000"])
def test_another_host_gets_nothing(host: str) -> None:
    assert "Host" in (refusal({"Host": host}) or "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_sites_get_nothing(headers: dict[str, str], method: str) -> None:
    assert refusal(OWN | headers, method)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET of the stream"])
def test_what_changes_something_and_the_stream_need_a_header_of_our_own_page(method: str) -> None:
    method, _, stream = method.partition(" of the ")
    is_stream = stream == "stream"
    for headers in ({}, {"Origin": "null"}, {"Sec-Fetch-Site": "none"}):
        assert refusal(OWN | headers, method, is_stream=is_stream)
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:4000"}):
        assert refusal(OWN | headers, method, is_stream=is_stream) is None
    # A browser hides the origin of a page that sends no referrer.
    assert refusal(OURS | {"Origin": "null"}, method, is_stream=is_stream) is None


def test_a_token_is_the_whole_token() -> None:
    assert ACCESS.is_token("the-token")
    for given in (None, "", "the-toke", "the-token ", "thé-token"):
        assert not ACCESS.is_token(given)


@pytest.mark.parametrize("path", ["/", "/bench", "/braze", "/changes", "/static/page.js"])
def test_nothing_answers_without_the_token(base: str, path: str) -> None:
    for cookies in ({}, {f"relay-page-{urlsplit(base).port}": "wrong"}):
        headers = {"Sec-Fetch-Site": "same-origin"}
        answer = requests.get(base + path, headers=headers, cookies=cookies, timeout=60)
        assert answer.status_code == 403
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_have_not(url: str) -> None:
    answer = requests.get(url, allow_redirects=False, timeout=60)
    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    (token,) = parse_qs(urlsplit(url).query)["token"]
    assert requests.get(url, timeout=60).status_code == 200
    assert token not in requests.get(url, timeout=60).text


def test_every_answer_says_what_a_browser_must_not_do_with_it(url: str, base: str) -> None:
    with requests.Session() as session:
        for path in (url, f"{base}/static/page.css", f"{base}/unknown"):
            headers = session.get(path, timeout=60).headers
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_page_is_on_no_other_address_of_this_machine(base: str) -> None:
    port = urlsplit(base).port
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("::1", port or 0), timeout=5)
