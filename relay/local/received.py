"""Both ends of the samples on the terminal: the relay's answers, and what Braze received.

Plain lines, of which none is broken: an id or a name that one copies is whole at any width.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from handler.core.braze.endpoints import SENDS
from handler.core.braze.request import request
from handler.core.models import Delivery
from handler.core.rules.source import Source
from relay.console.format import span
from relay.rules.webhooks import Given, planned
from relay.rules.yaml_text import written
from relay.webhooks.post import Posted

Record = Mapping[str, Any]  # as the simulated Braze shows it
_ONE: Final = {"events": "event", "deliveries": "delivery"}
_TARGETS: Final = frozenset(each.key for each in SENDS)
_PROPERTIES: Final = ("trigger_properties", "context", "canvas_entry_properties")
_SOON: Final = 5  # seconds
_LABEL: Final = 12  # columns of the words before a value


@dataclass(frozen=True, slots=True)
class ExpectedDelivery:
    """A delivery that a sample makes, in the order of posting: what Braze is to receive."""

    sample: str
    delivery: Delivery

    @property
    def title(self) -> str:
        """Sample, source and rule."""
        return f"{self.sample} -> {self.delivery.source}/{self.delivery.rule}"

    def likeness(self, send: Record) -> int:
        """Return in how many parts a send is the one of this delivery; 0 for another user's."""
        body: Any = request(self.delivery)
        (recipient,) = body.get("recipients") or [{}]
        named = send["recipient"] or {}
        if named != {name: recipient.get(name) for name in named}:
            return 0
        message = send["message"] or {}
        targets = {key: body[key] for key in _TARGETS & body.keys()}
        same: list[bool] = [
            recipient.get("attributes", {}) == send["attributes"],
            all(message.get(key) == value for key, value in targets.items()),
            _properties(body, recipient) == _properties(message, {}),
        ]
        return 1 + sum(same)


def _properties(body: Record, recipient: Record) -> Record:
    """Return the properties of a message: the recipient's own override those of the request."""
    found: dict[str, Any] = {}
    for name in _PROPERTIES:
        found |= {**body.get(name, {}), **recipient.get(name, {})}
    return found


def wanted(posted: Iterable[Posted], sources: Mapping[str, Source]) -> list[ExpectedDelivery]:
    """Return the deliveries that the samples make, in the order of posting."""
    return [
        ExpectedDelivery(one.sample.name, delivery)
        for one in posted
        for delivery in planned(Given(one.sample, one.at), sources[one.sample.source]).deliveries
    ]


def begins_late(delivery: Delivery) -> bool:
    """Return whether a rule's `delay` is longer than anybody waits at a terminal."""
    return (delivery.delay or 0) > _SOON


def late_lines(deliveries: Iterable[Delivery]) -> Iterator[str]:
    """Yield a line for each delivery that begins late: it is not waited for."""
    for one in filter(begins_late, deliveries):
        yield f"{one.source}/{one.rule} begins {span(one.delay or 0)} later (delay)"


def ordered(
    sends: Sequence[Record], known: Sequence[ExpectedDelivery]
) -> list[tuple[ExpectedDelivery | None, Record]]:
    """Return the sends in the order of posting, each with its delivery; last those of no sample."""
    left = list(sends)
    found: list[tuple[ExpectedDelivery | None, Record]] = []
    for one in known:
        best = max(left, key=one.likeness, default=None)
        if best is not None and one.likeness(best):
            left.remove(best)
            found.append((one, best))
    return [*found, *((None, send) for send in left)]


def answer_lines(posted: Sequence[Posted]) -> Iterator[str]:
    """Yield a line for each sample: where it was posted, and the relay's answer."""
    samples = max((len(one.sample.name) for one in posted), default=0)
    paths = max((len(_path(one)) for one in posted), default=0)
    for one in posted:
        words = ", ".join(_counted(value, name) for name, value in one.answer.items())
        yield f"{one.sample.name:<{samples}}  {_path(one):<{paths}}  {one.status} {words}".rstrip()


def send_lines(found: Iterable[tuple[ExpectedDelivery | None, Record]]) -> Iterator[str]:
    """Yield what Braze received: for each message its sample, its user, attributes and content."""
    for one, send in found:
        yield one.title if one else "of no sample"
        yield from content_lines(send)
        yield ""


def content_lines(send: Record) -> Iterator[str]:
    """Yield a message's user, attributes and content."""
    yield from fields_lines("user", send["recipient"] or {})
    if send["profile_before"] is not None:
        yield from fields_lines("before", send["profile_before"])
    if send["attributes"]:
        yield from fields_lines("attributes", send["attributes"])
    if send["reached"]:
        yield from fields_lines("message", send["message"])
    else:
        yield f"  {'message':<{_LABEL}}none: {send['because']}"


def refused_lines(refused: Iterable[Record]) -> Iterator[str]:
    """Yield the requests that Braze refused, each with Braze's reason."""
    for one in refused:
        yield f"{one['status']} {one['reason']}"
        yield from fields_lines("request", one["body"] or {})
        yield ""


def _path(one: Posted) -> str:
    return f"/webhooks/{one.sample.source}"


def _counted(number: int, things: str) -> str:
    return f"{number} {_ONE.get(things, things) if number == 1 else things}"


def fields_lines(label: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield an object as YAML, with a label before its first line."""
    for at, line in enumerate(written(dict(values)).splitlines()):
        yield f"  {'' if at else label:<{_LABEL}}{line}"
