"""Queue messages: what ingest writes and deliver reads, in ASCII JSON.

SQS refuses control characters in a body, so nothing but ASCII leaves here. Version n+1 reads
version n; a message of an unknown version is postponed until a worker can read it.
"""

import json
import zlib
from base64 import b64decode, b64encode
from typing import Any, Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.models import Delivery, Parked

VERSIONS: Final = (1, 2, 3)
# The fields that each version adds. A message has the lowest version with all of its fields, so
# that workers from before an update can read as many messages as possible.
_SINCE: Final = {2: ("once", "surge", "event_version"), 3: ("arrived_ms", "again_after")}
# SQS, "Amazon SQS message quotas": 1 MiB for a message and for a batch; 16 KiB are kept free for
# what SQS counts besides the bodies.
MAX_BYTES: Final = 1_048_576 - 16_384
_LETTERS: Final[dict[str, TypeAdapter[Delivery] | TypeAdapter[Parked]]] = {
    "delivery": TypeAdapter(Delivery),
    "event": TypeAdapter(Parked),
}


def encode(letter: Delivery | Parked) -> str:
    """Return the message body of a delivery or of a parked event."""
    kind = "delivery" if isinstance(letter, Delivery) else "event"
    fields = {name: getattr(letter, name) for name in letter.__slots__}
    version, given = 1, dict[str, object]()
    for since, names in _SINCE.items():
        newer = {name: fields.pop(name, None) for name in names}
        if newer := {name: value for name, value in newer.items() if value is not None}:
            version, given = since, {**given, **newer}
    return _dumps({"version": version, "kind": kind, **fields, **given})


def decode(body: str) -> Delivery | Parked:
    """Return what a message body holds; raise UnreadableMessage or UnknownVersion."""
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnreadableMessage("not JSON") from None
    if not isinstance(document, dict) or type(document.get("version")) is not int:
        raise UnreadableMessage("no version")
    if document.pop("version") not in VERSIONS:
        raise UnknownVersion(f"none of the versions {VERSIONS}")
    letter = _LETTERS.get(str(document.pop("kind", None)))
    if letter is None:
        raise UnreadableMessage("neither a delivery nor an event")
    try:
        return letter.validate_json(_dumps(document))  # strict: from JSON, not from Python
    except ValidationError as error:
        where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:3])
        raise UnreadableMessage(f"wrong or missing: {where}") from None
    except (ValueError, RecursionError):
        raise UnreadableMessage("a number or a depth that nobody wrote") from None


def _refuse_constant(_name: str) -> object:
    raise ValueError("NaN and Infinity are not JSON")


def pack(value: JsonValue) -> str:
    """Return a JSON value as base64 of its zlib-compressed ASCII JSON."""
    return b64encode(zlib.compress(_dumps(value).encode("ascii"))).decode("ascii")


def unpack(text: str) -> Any:  # noqa: ANN401 - whatever JSON was packed
    """Return the JSON value that `pack` was given."""
    return json.loads(zlib.decompress(b64decode(text, validate=True)))


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
