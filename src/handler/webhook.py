"""A webhook as API Gateway hands it over (payload format 2.0)."""

import time
from base64 import b64decode
from typing import Any

from handler.core.models import Webhook
from handler.core.source import Source


def webhook_of(event: dict[str, Any]) -> Webhook:
    """Return the webhook that an HTTP API event holds, with the bytes as they were sent.

    Source: API Gateway, "AWS Lambda proxy integrations for HTTP APIs", payload format 2.0: the
    body is base64 unless its content type is text; header names are in lower case there, and
    made so here for whoever is less exact.
    """
    http = event["requestContext"]["http"]
    text = event.get("body") or ""
    return Webhook(
        source=(event.get("pathParameters") or {}).get("source", ""),
        method=http["method"],
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        query=event.get("rawQueryString", ""),
        # surrogatepass: whatever the gateway hands over, a signature decides, not an exception.
        body=b64decode(text)
        if event.get("isBase64Encoded")
        else text.encode("utf-8", "surrogatepass"),
        received_at=int(time.time()),
        url=_url(event),
    )


def _url(event: dict[str, Any]) -> str:
    """Return the URL that was called, as whoever called it wrote it, without its query string."""
    headers = event.get("headers", {})
    protocol, host = headers.get("x-forwarded-proto", "https"), headers.get("host", "")
    return f"{protocol}://{host}{event.get('rawPath', '')}"


def is_accepted(content_type: str, source: Source) -> bool:
    """Tell whether a body of this content type is read at all."""
    media = content_type.partition(";")[0].strip().lower()
    is_json = media == "application/json" or media.endswith("+json")
    return is_json or media in source.content_types
