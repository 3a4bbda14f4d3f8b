"""Webhooks as API Gateway hands them over, and as it never should."""

from base64 import b64encode
from typing import Any

import pytest

from handler.aws.api_gateway import webhook_of

NOW = 1_800_000_000


def event(body: str, *, is_base64: bool, **headers: str) -> dict[str, Any]:
    return {
        "requestContext": {"http": {"method": "POST"}},
        "rawPath": "/webhooks/square",
        "headers": headers,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def test_bytes_that_are_no_text_come_as_base64() -> None:
    assert webhook_of(event(b64encode(b"\xff{").decode(), is_base64=True), NOW).body == b"\xff{"


@pytest.mark.parametrize("body", ['{"id": 1}', "a", "é", "AAA", "AA\nAA", "\ud800"])
def test_what_is_not_the_base64_that_it_is_said_to_be_is_text(body: str) -> None:
    received = webhook_of(event(body, is_base64=True), NOW)
    assert received.body == body.encode("utf-8", "surrogatepass")


def test_the_gateways_clock_says_what_arrived_first() -> None:
    handed = event("", is_base64=False)
    handed["requestContext"]["timeEpoch"] = NOW * 1000 + 5

    assert webhook_of(handed, NOW + 2.5).arrived_ms == NOW * 1000 + 5
    assert webhook_of(event("", is_base64=False), NOW + 0.25).arrived_ms == NOW * 1000 + 250


def routed(source: str | None) -> dict[str, Any]:
    parameters = None if source is None else {"source": source}
    return event("", is_base64=False) | {"pathParameters": parameters}


@pytest.mark.parametrize("path", ["square", "square/"])
def test_a_source_is_named_with_or_without_one_slash_at_the_end(path: str) -> None:
    assert webhook_of(routed(path), NOW).source == "square"


@pytest.mark.parametrize(
    "path", ["square//", "/square", "a/square", "square/a", "square/a/", "../square", "/", "", None]
)
def test_any_other_path_names_no_source(path: str | None) -> None:
    assert webhook_of(routed(path), NOW).source == ""


def test_the_url_that_was_called_is_known_whatever_the_case_of_the_headers() -> None:
    headers = {"HOST": "hooks.example.org", "X-Forwarded-Proto": "http"}
    received = webhook_of(event("", is_base64=False, **headers), NOW)
    assert received.url == "http://hooks.example.org/webhooks/square"
