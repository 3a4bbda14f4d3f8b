"""API Gateway events (payload format 2.0), read into webhooks."""

from base64 import b64decode
from contextlib import suppress
from typing import Any

from handler.core.models import Webhook
from handler.core.rules.source import Source


def webhook_of(event: dict[str, Any], now: float) -> Webhook:
    """Return the webhook of an HTTP API event, with its body's bytes as they were sent.

    `now` is in seconds since the epoch. The time of arrival is the gateway's, where the event has
    it: while an execution environment starts, later webhooks overtake in another one.

    Source: API Gateway, "AWS Lambda proxy integrations for HTTP APIs", payload format 2.0: the
    body is base64 unless its content type is text; header names are in lower case. They
    are lowered here too, for gateways that are less exact.
    """
    http = event["requestContext"]["http"]
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    return Webhook(
        source=_source(event),
        method=http["method"],
        headers=headers,
        query=event.get("rawQueryString", ""),
        body=_body(event),
        received_at=int(now),
        url=_url(headers, event.get("rawPath", "")),
        arrived_ms=event["requestContext"].get("timeEpoch") or int(now * 1000),
    )


def _source(event: dict[str, Any]) -> str:
    """Return the source name in a path, with or without a slash at the end; empty if none.

    The route's greedy variable holds all that follows `/webhooks/`; the catch-all route has none.
    """
    name: str = (event.get("pathParameters") or {}).get("source", "")
    name = name.removesuffix("/")
    return "" if "/" in name else name


def _body(event: dict[str, Any]) -> bytes:
    text = event.get("body") or ""
    # No body raises an exception: the signature decides. Hence surrogatepass, and a body that is
    # flagged as base64 but is none counts as text.
    if event.get("isBase64Encoded"):
        with suppress(ValueError):
            return b64decode(text, validate=True)
    return text.encode("utf-8", "surrogatepass")


def _url(headers: dict[str, str], path: str) -> str:
    """Return the URL as the sender wrote it, without its query string."""
    protocol, host = headers.get("x-forwarded-proto", "https"), headers.get("host", "")
    return f"{protocol}://{host}{path}"


def is_accepted(content_type: str, source: Source) -> bool:
    """Return whether a body of this content type is read at all."""
    media = content_type.partition(";")[0].strip().lower()
    is_json = media == "application/json" or media.endswith("+json")
    return is_json or media in source.content_types
