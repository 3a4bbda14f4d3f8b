"""Queue messages: what ingest writes and deliver reads, in ASCII JSON.

SQS refuses control characters in a body, so nothing but ASCII leaves here. Version n+1 reads
version n; a message of an unknown version is postponed until a worker can read it.
"""

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from math import isfinite
from types import NoneType
from typing import Any, Final, get_args

from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.json_types import JsonValue
from handler.core.models import Delivery, OnUnknown, Parked, ParkReason

VERSIONS: Final = (1, 2, 3, 4, 5)
# The fields that each version adds. A message has the lowest version with all of its fields, so
# that workers from before an update can read as many messages as possible.
_SINCE: Final = {
    2: ("once", "surge", "event_version"),
    3: ("arrived_ms", "again_after"),
    4: ("priority",),
    5: ("guard", "delay", "refused_of"),
}
# SQS, "Amazon SQS message quotas": 1 MiB for a message and for a batch; 16 KiB are kept free for
# what SQS counts besides the bodies.
MAX_BYTES: Final = 1_048_576 - 16_384
# zlib's level for events: of an order of 10 KB it takes a fifth of the time of the usual level 6,
# and a tenth more bytes. Not where that counts: base64 of 48 KiB is 64 KiB, the unit by which SQS
# charges; 100 such messages, and 18 KB beside each event, are what one webhook may make.
_QUICK: Final = 1
_LARGE: Final = 48 * 1024
_MAX_LEVELS: Final = 201  # of values within values; many more cannot be written as JSON again
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def _of(*types: type) -> Callable[[object], bool]:
    return lambda value: type(value) in types  # no `isinstance`: True is no number


def _in(literal: Any) -> Callable[[object], bool]:  # noqa: ANN401 - a Literal has no type
    options = get_args(literal)
    return lambda value: value in options


def _is_limit(value: object) -> bool:
    return value is None or (type(value) is list and [type(it) for it in value] == [int, int])


_TEXT: Final = _of(str)
_SHARED: Final = {
    **dict.fromkeys(("source", "rules_version", "event_id", "event"), _TEXT),
    "accepted_at": _of(int),
}
# Checks by field: others may write to the queue too.
_DELIVERY: Final[Mapping[str, Callable[[object], bool]]] = {
    **_SHARED,
    **dict.fromkeys(("id", "rule", "workspace", "path"), _TEXT),
    "send": _of(dict),
    "recipient": _of(dict, NoneType),
    "expires_at": _of(int, NoneType),
    "on_unknown": _in(OnUnknown),
    "once": _of(str, NoneType),
    "surge": _is_limit,
    "event_version": _of(int, float, NoneType),
    "arrived_ms": _of(int, NoneType),
    "again_after": _of(int, NoneType),
    "priority": lambda value: value in (None, "low"),
    "guard": _of(str, NoneType),
    "delay": _of(int, NoneType),
    "refused_of": _of(str, NoneType),
}
_PARKED: Final[Mapping[str, Callable[[object], bool]]] = {
    **_SHARED,
    "rule": _of(str, NoneType),
    "reason": _in(ParkReason),
    "detail": _TEXT,
}
_OPTIONAL: Final = frozenset(name for names in _SINCE.values() for name in names)


def encode(letter: Delivery | Parked) -> str:
    """Return the message body of a delivery or of a parked event."""
    kind = "delivery" if isinstance(letter, Delivery) else "event"
    fields = {name: getattr(letter, name) for name in letter.__slots__}
    version, given = 1, dict[str, object]()
    for since, names in _SINCE.items():
        newer = {name: fields.pop(name, None) for name in names}
        if newer := {name: value for name, value in newer.items() if value is not None}:
            version, given = since, {**given, **newer}
    return _ENCODER.encode({"version": version, "kind": kind, **fields, **given})


def group_of(delivery: Delivery) -> str:
    """Return the message group of a delivery: all deliveries of a rule have one.

    SQS, "Amazon SQS fair queues": messages of other groups are handed out before those of a group
    that has most of the queue in flight. Hashed, for source and rule may be longer than the 128
    characters that a group takes.
    """
    return sha256(f"{delivery.source}/{delivery.rule}".encode()).hexdigest()


def decode(body: str) -> Delivery | Parked:
    """Return what a message body holds; raise UnreadableMessage or UnknownVersion."""
    try:
        document = _DECODER.decode(body)
    except (ValueError, RecursionError):
        raise UnreadableMessage("not JSON") from None
    if not isinstance(document, dict) or type(document.get("version")) is not int:
        raise UnreadableMessage("no version")
    if document.pop("version") not in VERSIONS:
        raise UnknownVersion(f"none of the versions {VERSIONS}")
    kind = document.pop("kind", None)
    if kind not in ("delivery", "event"):
        raise UnreadableMessage("neither a delivery nor an event")
    _check(document, _DELIVERY if kind == "delivery" else _PARKED)
    if not _is_writable(document, body):
        raise UnreadableMessage("a text or a depth that nobody wrote")
    if kind == "event":
        return Parked(**document)
    if surge := document.get("surge"):
        document["surge"] = tuple(surge)
    return Delivery(**document)


def _check(document: dict[str, Any], fields: Mapping[str, Callable[[object], bool]]) -> None:
    wrong = [
        name
        for name, is_right in fields.items()
        if (not is_right(document[name]) if name in document else name not in _OPTIONAL)
    ]
    wrong += sorted(document.keys() - fields.keys())
    if wrong:
        raise UnreadableMessage(f"wrong or missing: {', '.join(wrong[:3])}")


def _is_writable(document: dict[str, Any], body: str) -> bool:
    """Return whether a document can be written again: as UTF-8, and without too many levels.

    Of most bodies a look is enough: no half of a surrogate pair, and few brackets in all.
    """
    if not body.isascii() or _SURROGATE.search(body):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            return False
    return body.count("[") + body.count("{") < _MAX_LEVELS or _levels(document) <= _MAX_LEVELS


def _levels(document: dict[str, Any]) -> int:
    level: list[Any] = [document]
    count = 0
    while level:
        count += 1
        lists = (
            it.values() if type(it) is dict else it for it in level if type(it) in (dict, list)
        )
        level = [it for one in lists for it in one]
    return count


def _refuse_constant(_name: str) -> object:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number beyond those of JSON")
    return number


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def pack(value: JsonValue) -> str:
    """Return a JSON value as base64 of its zlib-compressed ASCII JSON."""
    return _packed(_ENCODER.encode(value).encode("ascii"))


def pack_with_body(fields: Mapping[str, JsonValue], body: bytes) -> str:
    """Return an object as `pack` does; `body`, which it gets last, is JSON in UTF-8 already.

    Each release so far reads that: it is one JSON text as before.
    """
    head = _ENCODER.encode(dict(fields)).encode("ascii").removesuffix(b"}")
    return _packed(b'%b,"body":%b}' % (head, body))


def _packed(text: bytes) -> str:
    found = zlib.compress(text, _QUICK)
    if len(found) > _LARGE:
        found = zlib.compress(text)
    return b64encode(found).decode("ascii")


def unpack(text: str) -> Any:  # noqa: ANN401 - whatever JSON was packed
    """Return the JSON value that was packed."""
    return json.loads(zlib.decompress(b64decode(text, validate=True)))
