"""Records of the simulated Braze, for people: messages, refused requests, profiles. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from relay.doctor.braze_checks import TargetUse
from relay.rules import yaml_text

Record = Mapping[str, Any]  # as the control API shows it
_TARGETS: Final = {"campaign_id": "campaign", "canvas_id": "Canvas"}
_ERROR: Final = 400
_KEY: Final = 16  # hex digits
_EMAIL: Final = "email"
_CONSENT: Final = ("email_subscribe", "push_subscribe", "subscription_groups")
_IDENTITY: Final = ("user_aliases", _EMAIL, "phone")
_KEPT: Final = 2_000  # texts: YAML takes a millisecond each, and most are shown again


@dataclass(frozen=True, slots=True)
class BrazeMessage:
    """A send to one recipient, or a broadcast: for whom, of what, and whom it reached.

    `because` is why nobody was reached; `changes` are the lines in which the profile differs.
    """

    key: str
    at: float
    who: str
    target: str
    rules: str
    is_reached: bool
    because: str
    message: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that was refused, or that a fault answered: with Braze's words where it has any."""

    at: float
    what: str
    status: int | None
    words: str
    fault: str
    body: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A user: the names it is found by, its state of subscription, and all attributes.

    `key` is fit for an element's id.
    """

    key: str
    id: str
    names: str
    consent: tuple[tuple[str, str], ...]
    attributes: str


def messages(
    sends: Sequence[Record], requests: Iterable[Record], targets: Iterable[TargetUse]
) -> list[BrazeMessage]:
    """Return the sends, the newest first; `requests` name the target of what reached nobody."""
    bodies = {one["dispatch_id"]: one for one in requests if one.get("dispatch_id")}
    rules = {one.id: ", ".join(one.rules) for one in targets}
    made = [_message(one, bodies.get(one["dispatch_id"]), rules) for one in sends]
    together = Counter(one["dispatch_id"] for one in sends)
    keyed = []
    for send, one in zip(sends, made, strict=True):  # several recipients have one dispatch id
        together[send["dispatch_id"]] -= 1
        keyed.append(replace(one, key=f"{one.key}-{together[send['dispatch_id']]}"))
    return keyed[::-1]


def _message(send: Record, request: Record | None, rules: Mapping[str, str]) -> BrazeMessage:
    body = send["message"] or (request or {}).get("body") or {}
    kind, target = next(((_TARGETS[k], str(body[k])) for k in _TARGETS if k in body), ("", ""))
    shown = {key: one for key, one in (send["message"] or {}).items() if key not in _TARGETS}
    return BrazeMessage(
        key=send["dispatch_id"],
        at=send["time"],
        who=_who(send),
        target=f"{kind} {target}".strip() or str((request or {}).get("path", "")),
        rules=rules.get(target, ""),
        is_reached=bool(send["reached"]),
        because=str(send["because"] or ""),
        message=written(shown) if shown else "",
        changes=differences(send["profile_before"], send["profile_after"]),
    )


def _who(send: Record) -> str:
    if "users" in send:
        return f"broadcast to {', '.join(send['users']) or 'nobody'}"
    named = send["recipient"] or {}
    known = [*map(_text, named.values())]
    return send["external_id"] or ", ".join(known) or "?"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(map(str, value.values()))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, slots=True)
class Update:
    """An object of a request without a message: of whom, what it is, and whether it is recorded.

    `because` is why it is not; `changes` are the lines in which the profile differs.
    """

    key: str
    at: float
    who: str
    what: str
    is_applied: bool
    because: str
    content: str
    changes: tuple[str, ...]


def updates(found: Sequence[Record], first: int) -> list[Update]:
    """Return the updates, the newest first; `first` is the number of the first of these."""
    return [_update(first + at, one) for at, one in enumerate(found)][::-1]


def _update(number: int, one: Record) -> Update:
    content = one["object"]
    users = one.get("users") or [one["external_id"] or ""]
    return Update(
        key=str(number),
        at=one["time"],
        who=", ".join(filter(None, users)) or "nobody",
        what=_what(one["array"], content),
        is_applied=bool(one["applied"]),
        because=str(one["because"] or ""),
        content=written(dict(content)) if isinstance(content, dict) else str(content),
        changes=differences(one.get("profile_before"), one.get("profile_after")),
    )


def _what(array: str, content: Any) -> str:
    named = content if isinstance(content, dict) else {}
    if array == "subscription_groups":
        return f"{named.get('subscription_state')} in group {named.get('subscription_group_id')}"
    return f"event {named.get('name')}" if array == "events" else array


def refusals(requests: Sequence[Record]) -> list[RefusedRequest]:
    """Return the requests that were refused or met a fault, the newest first."""
    return [
        RefusedRequest(
            at=one["time"],
            what=f"{one['method']} {one['path']}",
            status=one["status"],
            words=str(one["reason"] or ""),
            fault=str(one["fault"] or ""),
            body="" if one["body"] is None else _shown(one["body"]),
        )
        for one in reversed(requests)
        if one["fault"] or (one["status"] or 0) >= _ERROR
    ]


def _shown(body: Any) -> str:
    return body if isinstance(body, str) else written(body)


def written(value: Any) -> str:
    """Return a value as YAML, which is made once."""
    return _yaml(json.dumps(value))


def differences(old: Any, new: Any) -> tuple[str, ...]:
    """Return the lines in which two values differ, which are found once."""
    return _differences(json.dumps(old), json.dumps(new))


@lru_cache(_KEPT)
def _yaml(text: str) -> str:
    return yaml_text.written(json.loads(text))


@lru_cache(_KEPT)
def _differences(old: str, new: str) -> tuple[str, ...]:
    return tuple(yaml_text.differences(json.loads(old), json.loads(new)))


def found(profiles: Mapping[str, Record], wanted: str) -> list[str]:
    """Return the keys of the profiles that are called so, the last updated first.

    They are found by a part of their external id, e-mail address or alias, in any case.
    """
    text = wanted.strip().casefold()
    return [
        key
        for key, one in reversed([*profiles.items()])
        if any(text in name.casefold() for name in _names(key, one))
    ]


def _names(key: str, profile: Record) -> Iterator[str]:
    yield key
    yield str(profile.get(_EMAIL, ""))
    for alias in profile.get("user_aliases", ()):
        yield _text(alias)


def profile(key: str, attributes: Record) -> Profile:
    """Return a profile for people."""
    names = [_text(attributes[one]) for one in _IDENTITY if attributes.get(one)]
    consent = tuple((one, _text(attributes[one])) for one in _CONSENT if one in attributes)
    own = sha256(key.encode()).hexdigest()[:_KEY]
    return Profile(
        own, key, ", ".join(names), consent, written(dict(attributes)) if attributes else ""
    )


def history(changes: Sequence[Record]) -> list[tuple[float, str, Sequence[str]]]:
    """Return the changes of a profile, the newest first: when, why, and the lines that differ."""
    return [
        (one["time"], str(one["cause"]), differences(one["before"], one["after"]))
        for one in reversed(changes)
    ]
