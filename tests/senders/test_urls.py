"""Senders that sign the URL: it counts as they know it, and its query string as it came."""

import time
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hubspot.utils.signature import Signature

from handler.core.errors import RulesError
from tests.handler.core.rules_files import source_of
from tests.senders.posting import BODY, NOW, Letter, Post, verdict
from tests.senders.rows import ACCEPTED
from tests.senders.signing import CALLED, in_base64
from tests.senders.taking import answer, shop
from tests.senders.vendors import LITERAL, OTHER_LITERAL, VENDORS

PUBLIC = "https://shop.example.com/in/orders"
QUERIES = ["", "a=1", "b=2&a=%2f&a=+&c", "q=%C3%A9&x=1%2B1", "=&&"]
BOUND = pytest.mark.parametrize("preset", ["square", "hubspot"])


def post(preset: str, url: str) -> Post:
    query = url.partition("?")[2]
    if preset == "square":
        return Post(
            {"x-square-hmacsha256-signature": in_base64(url)(LITERAL, BODY, "")}, query=query
        )
    stamp = f"{NOW}000"
    signature = Signature.get_signature(LITERAL, BODY, "v3", url, "POST", stamp)
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    return Post(headers, query=query)


def judged(preset: str, sent: Post, public_url: str | None) -> str:
    return verdict(sent, source_of(preset, public_url=public_url).scheme, [LITERAL])


def with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url


@BOUND
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "url, public_url", [(PUBLIC, PUBLIC), (CALLED, None), (f"{PUBLIC}/", f"{PUBLIC}/")]
)
def test_the_url_that_the_sender_knows_is_signed_with_its_query_verbatim(
    preset: str, query: str, url: str, public_url: str | None
) -> None:
    assert judged(preset, post(preset, with_query(url, query)), public_url) == ACCEPTED


@BOUND
@pytest.mark.parametrize(
    "signed, public_url",
    [
        (CALLED, PUBLIC),
        (PUBLIC, None),
        (f"{PUBLIC}/", PUBLIC),
        (PUBLIC.replace("https", "http"), PUBLIC),
    ],
)
def test_another_url_than_the_signed_one_is_refused(
    preset: str, signed: str, public_url: str | None
) -> None:
    assert judged(preset, post(preset, signed), public_url) == "wrong_signature"


@BOUND
@pytest.mark.parametrize("query", ["a=1&b=2&", "b=2&a=1", "a=1&b=%32", "", "a=1&b=2&c=3"])
def test_another_query_than_the_signed_one_is_refused(preset: str, query: str) -> None:
    sent = replace(post(preset, f"{PUBLIC}?a=1&b=2"), query=query)
    assert judged(preset, sent, PUBLIC) == "wrong_signature"


ESCAPES = ["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"]
MEANT = [":", "/", "?", "@", "!", "$", "'", "(", ")", "*", ",", ";"]


@pytest.mark.parametrize("escape, meant", [*zip(ESCAPES, MEANT, strict=True), ("%2f", "/")])
def test_hubspot_decodes_some_escapes_before_it_signs(escape: str, meant: str) -> None:
    query = f"next=a{escape}b&c=%20{escape}"
    for signed in (query, query.replace(escape, meant)):
        sent = replace(post("hubspot", f"{PUBLIC}?{signed}"), query=query)
        assert judged("hubspot", sent, PUBLIC) == ACCEPTED
    called = replace(post("square", f"{PUBLIC}?{query.replace(escape, meant)}"), query=query)
    assert judged("square", called, PUBLIC) == "wrong_signature"


@pytest.mark.parametrize("escape", ["%20", "%25", "%26", "%2B", "%3D", "%23", "%22", "%C3%A9"])
def test_hubspot_decodes_no_other_escape(escape: str) -> None:
    sent = replace(post("hubspot", f"{PUBLIC}?a={unquote(escape)}"), query=f"a={escape}")
    assert judged("hubspot", sent, PUBLIC) == "wrong_signature"


def test_hubspot_decodes_once_and_all_or_nothing() -> None:
    twice = replace(post("hubspot", f"{PUBLIC}?a=/"), query="a=%252F")
    assert judged("hubspot", twice, PUBLIC) == "wrong_signature"
    half = replace(post("hubspot", f"{PUBLIC}?a=/&b=%2F"), query="a=%2F&b=%2F")
    assert judged("hubspot", half, PUBLIC) == "wrong_signature"


def test_decoding_is_for_who_signs_the_url() -> None:
    with pytest.raises(RulesError, match="decode_url is given, but signed does not hold"):
        shop("verify: {preset: shopify, decode_url: true}")


@BOUND
def test_without_a_public_url_the_url_is_the_one_that_was_called(preset: str) -> None:
    plain = post(preset, "http://127.0.0.1:3000/webhooks/shop?a=1")
    called = plain.plus(host="127.0.0.1:3000", x_forwarded_proto="http")
    assert judged(preset, called, None) == ACCEPTED
    assert judged(preset, plain, None) == "wrong_signature"


def logged_url(
    preset: str, sent: Post, public_url: str | None, caplog: pytest.LogCaptureFixture
) -> str | None:
    """Return the URL in the log line of a webhook that is refused."""
    caplog.clear()
    given = source_of(preset, public_url=public_url)
    assert answer(sent, given, LITERAL)[0] == 401
    (record,) = caplog.records
    found: str | None = vars(record).get("url")
    return found


def fresh(preset: str) -> Post:
    """Return a webhook for another URL, whose time is now."""
    sent = post(preset, "https://elsewhere.example.com/")
    stamp = f"{int(time.time())}000"
    return sent.plus(x_hubspot_request_timestamp=stamp) if preset == "hubspot" else sent


@BOUND
def test_a_wrong_signature_has_the_url_that_was_verified_in_its_log_line(
    preset: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = fresh(preset)
    assert logged_url(preset, sent, None, caplog) == "https://hooks.example.com/webhooks/shop"
    slash = replace(sent, source="shop/")
    assert logged_url(preset, slash, None, caplog) == "https://hooks.example.com/webhooks/shop/"
    assert logged_url(preset, sent, PUBLIC, caplog) == PUBLIC


@BOUND
def test_the_url_in_the_log_holds_no_query_no_password_and_nothing_that_is_no_url(
    preset: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = replace(fresh(preset), query="token=canary&a=1")
    shown = "https://hooks.example.com/webhooks/shop?..."
    assert logged_url(preset, sent, None, caplog) == shown
    with pytest.raises(RulesError, match="public_url takes https://host/path"):
        logged_url(preset, sent, "https://me:canary@shop.example.com/in", caplog)
    for host in ("canary canary", "canary\n", "a" * 300, "canary@x", "", "é"):
        made_up = logged_url(preset, sent.plus(host=host), None, caplog)
        assert made_up in (None, "https://x/webhooks/shop?...")
    assert "canary" not in str([vars(record) for record in caplog.records])


def test_where_no_url_is_signed_none_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    sent = Letter(VENDORS["shopify"], secret=OTHER_LITERAL).post()
    assert logged_url("shopify", sent, None, caplog) is None


def test_a_sender_that_signs_the_slash_at_the_end_is_verified_by_it() -> None:
    sent = replace(post("square", f"{CALLED}/"), source="shop/")
    assert answer(sent, source_of("square"), LITERAL)[0] == 200
    assert answer(replace(sent, source="shop"), source_of("square"), LITERAL)[0] == 401


def test_hubspot_signs_the_method() -> None:
    sent = replace(post("hubspot", PUBLIC), method="PUT")
    assert judged("hubspot", sent, PUBLIC) == "wrong_signature"


@pytest.mark.parametrize("preset", ["square", "hubspot"])
@pytest.mark.parametrize("proxied", ["X-Forwarded-Proto", "x-forwarded-proto"])
def test_who_calls_may_choose_the_url_but_not_what_it_proves(preset: str, proxied: str) -> None:
    sent = post(preset, "http://evil.example.com/webhooks/shop")
    forged = replace(sent, headers={**sent.headers, "host": "evil.example.com", proxied: "http"})
    assert judged(preset, forged, PUBLIC) == "wrong_signature"
