"""Dead letters on the terminal and as JSON: in a list without content, or one with all of it."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from handler.core import message
from handler.core.braze.objects import objects_named
from handler.core.braze.request import request
from handler.core.errors import UnreadableMessage
from handler.core.models import Delivery, Parked
from relay.console.format import counted, minute
from relay.dead_letters.letter import SHORT, Letter
from relay.rules.yaml_text import written
from relay.stacks.ledger import DeliveryRecord

_UNPRINTABLE: Final = re.compile(r"[^ -~]")
# By an attempt's class: whether the request itself went out.
_WENT_OUT: Final[Mapping[str, str]] = {
    "accepted": "yes: Braze accepted it",
    "held": "yes: Braze answered 2xx, with a notice",
    "unknown": "perhaps: bytes went out, and no answer of Braze's came back",
    "rejected": "no: Braze refused it",
    "not_sent": "no: it did not reach Braze, or Braze did not take it",
}
_OF_LEDGER: Final = ("state", "attempts", "last")
JsonObject = dict[str, Any]
_TIMES: Final = ("expires", "since", "dead_at", "lease_until", "at", "time", "accepted_at")
# Causes of a missing answer, in the words of the worker's Braze client.
_INTERRUPTED: Final[Mapping[str, str]] = {
    "interrupted": "no answer of Braze's came back",
    "interrupted: broken": "the connection broke after the request began",
    "interrupted: timeout": "no answer came in time",
}


def listed(letter: Letter, record: DeliveryRecord | None) -> str:
    """Return a letter as its list shows it, without any content: an id is whole in one line."""
    head = f"{letter.short}  {letter.origin}  taken {minute(letter.accepted_at)}"
    attempts = counted(record.attempts, "attempt") if record else ""
    status = "" if letter.status is None else f"status {letter.status}"
    why = ", ".join(filter(None, (letter.reason, status, attempts)))
    last = attempted(record) if letter.kind == "held" else detail_text(letter)
    of = _refused_of(letter)
    part = f"  refused objects of {of[:SHORT]}; the others were accepted" if of else ""
    named = objects_named(letter.content) if isinstance(letter.content, Delivery) else []
    what = f"  writes {', '.join(named)}" if named else ""
    lines = (head, f"  {why}", what, part, f"  {last}" if last else "")
    return "\n".join(_UNPRINTABLE.sub("?", one) for one in lines if one)


def row(letter: Letter, record: DeliveryRecord | None) -> JsonObject:
    """Return the fields of a letter that its list gives as JSON, without any content."""
    return {
        "id": letter.id,
        "kind": _kind(letter),
        "source": letter.source,
        "rule": letter.rule,
        "reason": letter.reason,
        "status": letter.status,
        "detail": letter.detail,
        "refused_of": _refused_of(letter),
        "accepted_at": letter.accepted_at,
        "buried_at": int(letter.sent_at),
        "state": record.state if record else None,
        "attempts": record.attempts if record else None,
        "last": dict(record.last[-1]) if record and record.last else None,
    }


def _refused_of(letter: Letter) -> str | None:
    """Return the id of the delivery whose refused objects a letter holds; None for others."""
    return letter.content.refused_of if isinstance(letter.content, Delivery) else None


def exported(letter: Letter) -> JsonObject:
    """Return a letter with all that is needed to put it back: SendMessage's body and attributes."""
    return {**_own(letter), "body": letter.body, "attributes": _attributes(letter)}


def _own(letter: Letter) -> JsonObject:
    """Return the fields of the list, without those of the ledger."""
    return {name: one for name, one in row(letter, None).items() if name not in _OF_LEDGER}


def _attributes(letter: Letter) -> JsonObject:
    names = ("DataType", "StringValue")
    return {
        name: {key: one[key] for key in names if key in one}
        for name, one in letter.attributes.items()
    }


def everything(letter: Letter, record: DeliveryRecord | None) -> JsonObject:
    """Return all that is known of a letter, its content too."""
    described, content = {**_own(letter), "message_id": letter.message_id}, letter.content
    if content is None:
        return {**described, "body": letter.body}
    said = {*described, "event", "send", "recipient"}  # send and recipient are in the request
    described |= {name: one for name, one in asdict(content).items() if name not in said}
    described["event"] = _event(content)
    if isinstance(content, Delivery):
        ledger = dict(record.item) if record else None
        described |= {"request": _request(content), "evidence": _evidence(record), "ledger": ledger}
    return described


def _evidence(record: DeliveryRecord | None) -> list[JsonObject]:
    """Return each attempt in the ledger, and whether its request went out."""
    return [
        {**one, "went_out": _WENT_OUT.get(str(one.get("class")), "nobody knows")}
        for one in (record.last if record else ())
    ]


def attempted(record: DeliveryRecord | None) -> str:
    """Return the evidence in one line: the number of attempts, and the result of the last one."""
    if record is None or not record.attempts:
        return "the ledger knows of no attempt"
    count = f"{record.attempts} attempt{'' if record.attempts == 1 else 's'}"
    if not record.last:  # the worker that made it vanished before the mark
        return f"{count}, and of the last one nobody knows what came of it"
    last = record.last[-1]
    words = [f"{last.get('class')}: {last.get('reason')}", str(last.get("status") or "")]
    result = " ".join(one for one in words if one)
    when = f" {minute(last['time'])}" if "time" in last else ""
    went = _WENT_OUT.get(str(last.get("class")), "nobody knows")
    return f"{count}, the last{when}, {result}; sent: {went}"


def line(fields: Mapping[str, Any]) -> str:
    """Return an object as one line of ASCII JSON."""
    return json.dumps(fields, ensure_ascii=True)


def wish(delivery: Delivery) -> JsonObject:
    """Return the parts of a delivery that a difference shows: the request, and how it is sent."""
    kept = ("rule", "id", "workspace", "on_unknown")
    return {**{name: getattr(delivery, name) for name in kept}, "request": _request(delivery)}


def _request(delivery: Delivery) -> JsonObject:
    try:
        return {"path": delivery.path, "body": request(delivery)}
    except UnreadableMessage as error:
        return {"path": delivery.path, "problem": str(error)}


def _event(content: Delivery | Parked) -> Any:
    try:
        event = message.unpack(content.event)
    except Exception:  # noqa: BLE001 - shown as it is, whatever fails; zlib has errors of its own
        return content.event
    if isinstance(event, dict) and isinstance(event.get("raw"), str):
        return {**event, "raw": b64decode(event["raw"]).decode("utf-8", "backslashreplace")}
    return event


def _kind(letter: Letter) -> str:
    if letter.content is None:
        return "unreadable"
    return "delivery" if isinstance(letter.content, Delivery) else "event"


def detail_text(letter: Letter) -> str:
    """Return a letter's detail as text; the cause of an interrupted request as a sentence."""
    return _INTERRUPTED.get(letter.detail, letter.detail)


def page(described: Mapping[str, Any]) -> str:
    """Return all that is known of a letter as YAML, with no character that can steer a terminal."""
    shown = {key: one for key, one in described.items() if one is not None}
    if "detail" in shown:
        shown["detail"] = _INTERRUPTED.get(shown["detail"], shown["detail"])
    if isinstance(event := shown.get("event"), dict) and isinstance(event.get("raw"), str):
        shown["event"] = {**event, "raw": _laid_out(event["raw"])}
    return written(_dated(shown))


def _laid_out(raw: str) -> Any:
    """Return the JSON value of a webhook's body, to be laid out; other bodies as they are."""
    try:
        return json.loads(raw, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        return raw


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError for a repeated key, which must be seen as it is."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _dated(value: Any, name: str = "") -> Any:
    """Return a value with its times in words; those of event and request stay as they came."""
    if isinstance(value, dict):
        return {
            key: one if key in ("event", "request") else _dated(one, key)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_dated(one, name) for one in value]
    is_time = name in _TIMES or name.endswith("_at")
    return minute(value) if is_time and isinstance(value, int) else value
