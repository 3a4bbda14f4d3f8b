"""AWS as a table of answers: everything is written, nothing was there before.

That is the path of nearly every delivery: it is claimed for the first time, sent and marked. What
is asked beyond these operations is an error, so that no measurement passes over it.
"""

import json
import zlib
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Final

from bench.deliver.webhooks import SIGNING_SECRET, SOURCE

DYNAMODB: Final = "DynamoDB_20120810."
API_KEY: Final = "an-api-key-of-nobody"
TABLE: Final = "ledger"
_SHARED: Final = (b'"pause#', b'"breaker#', b'"rate#', b'"target#')  # how their keys begin

_SECRET: Final = {
    "ARN": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:s",
    "Name": "s",
    "VersionId": "0f0e0d0c-0000-0000-0000-000000000000",
    # Both secrets in one: a signing secret by its source, the API key by its workspace.
    "SecretString": json.dumps({SOURCE: SIGNING_SECRET, "default": API_KEY}),
}


def _nothing(_body: bytes) -> dict[str, Any]:
    return {}


def _executed(body: bytes) -> dict[str, Any]:
    return {"Responses": [{"TableName": TABLE} for _ in json.loads(body)["Statements"]]}


def _enqueued(body: bytes) -> dict[str, Any]:
    sent = [
        {"Id": one["Id"], "MessageId": f"{place:032}", "MD5OfMessageBody": "0" * 32}
        for place, one in enumerate(json.loads(body)["Entries"])
    ]
    return {"Successful": sent}


_ANSWERS: Final[dict[str, Callable[[bytes], dict[str, Any]]]] = {
    f"{DYNAMODB}UpdateItem": _nothing,
    f"{DYNAMODB}PutItem": _nothing,
    f"{DYNAMODB}GetItem": _nothing,
    f"{DYNAMODB}BatchExecuteStatement": _executed,
    f"{DYNAMODB}BatchGetItem": lambda _: {"Responses": {}, "UnprocessedKeys": {}},
    "AmazonSQS.SendMessage": lambda _: {"MessageId": "0" * 32, "MD5OfMessageBody": "0" * 32},
    "AmazonSQS.SendMessageBatch": _enqueued,
    "secretsmanager.GetSecretValue": lambda _: _SECRET,
}


class Unexpected(Exception):
    """A call that no way is known to make on this path."""


def answer(target: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of the answer to a call; `target` is its X-Amz-Target."""
    if target not in _ANSWERS:
        raise Unexpected(target)
    content = json.dumps(_ANSWERS[target](body)).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "Date": formatdate(usegmt=True)}
    if target.startswith(DYNAMODB):
        headers["x-amz-crc32"] = str(zlib.crc32(content))
    return headers, content


def is_shared(target: str, body: bytes) -> bool:
    """Return whether a call is about no delivery: pauses, breakers, rate limits, campaigns.

    A worker makes these every so many seconds, whatever it delivers.
    """
    return target.startswith(DYNAMODB) and any(key in body for key in _SHARED)


def writes(target: str, body: bytes) -> int:
    """Return the number of items that a call of DynamoDB writes."""
    if target.endswith("BatchExecuteStatement"):
        statements = json.loads(body)["Statements"]
        return sum(not one["Statement"].lstrip().upper().startswith("SELECT") for one in statements)
    return int(target in (f"{DYNAMODB}UpdateItem", f"{DYNAMODB}PutItem"))
