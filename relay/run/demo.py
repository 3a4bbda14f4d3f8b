"""Posts the samples to a local stack, and shows what Braze received."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
import typer

from handler.core.braze.request import objects_of
from handler.core.rules.source import Source
from relay.local.received import (
    ExpectedDelivery,
    Record,
    answer_lines,
    begins_late,
    late_lines,
    ordered,
    refused_lines,
    send_lines,
    wanted,
)
from relay.local.stack import Local
from relay.local.updates import counted_lines, update_lines, updates_in_order
from relay.paths import EVENTS
from relay.stacks.local import Stack
from relay.webhooks.post import Posted, post
from relay.webhooks.samples import Address, sample_secrets, samples

_SECONDS = 30
_LOOKS = 0.1  # seconds between two
_NOTHING = b'{"Records": []}'
_OK = 200


@dataclass(frozen=True, slots=True)
class _Received:
    """The records of the simulated Braze: sends, updates, refused requests, orders and revenue."""

    sends: list[Record]
    updates: list[Record]
    refused: list[Record]
    commerce: Record

    def is_good(self, known: Sequence[ExpectedDelivery]) -> bool:
        """Return whether each delivery has arrived whole, and has reached its user."""
        return (
            len(self.sends) + len(self.updates) == _parts(known)
            and all(one["reached"] for one in self.sends)
            and all(one["applied"] for one in self.updates)
        )


def _parts(known: Iterable[ExpectedDelivery]) -> int:
    """Return how many entries Braze has of deliveries: of each a send, or all its objects."""
    return sum(sum(1 for _ in objects_of(one.delivery)) or 1 for one in known)


def _received_at(braze_url: str, count: int) -> _Received:
    """Return what the simulated Braze has received, once it is so much; wait 30 s at most."""
    deadline = time.monotonic() + _SECONDS
    with requests.Session() as session:
        shown = partial(_control, session, braze_url)
        while True:
            sends, updates, made = (shown(what) for what in ("sends", "updates", "requests"))
            refused = [one for one in made if one["outcome"] == "rejected"]
            is_all = len(sends) + len(updates) + len(refused) >= count
            if is_all or time.monotonic() > deadline:
                return _Received(sends, updates, refused, shown("commerce"))
            time.sleep(_LOOKS)


def _control(session: requests.Session, braze_url: str, what: str) -> Any:
    return session.get(f"{braze_url}/_sim/{what}", timeout=_SECONDS).json()


def play(local: Local, sources: Mapping[str, Source], names: Collection[str] | None) -> bool:
    """Post the samples (all, or those named) and show both ends; return whether all arrived."""
    secrets = sample_secrets(sources)
    chosen = [one for one in samples(EVENTS, sources) if names is None or one.name in names]
    with _collected(local.stack):
        posted = [post(_address(local, sources[one.source], secrets), one) for one in chosen]
    planned, every = sum(one.answer.get("deliveries", 0) for one in posted), wanted(posted, sources)
    known = [one for one in every if not begins_late(one.delivery)]
    found = _received_at(local.braze_url, planned - len(every) + _parts(known))
    _show("Webhooks", answer_lines(posted))
    _show("What Braze received", send_lines(ordered(found.sends, known)))
    _show("What Braze recorded", update_lines(updates_in_order(found.updates, known)))
    _show("What Braze counts", counted_lines(found.commerce))
    _show("What Braze refused", refused_lines(found.refused))
    _show("What begins later", late_lines(one.delivery for one in every))
    return _arrived(posted, planned) and found.is_good(known)


def _show(title: str, lines: Iterable[str]) -> None:
    """Print lines under their title; nothing where there are none."""
    text = "\n".join(lines).rstrip("\n")
    if text:
        typer.secho(title, bold=True)
        typer.echo(f"{text}\n")


@contextmanager
def _collected(stack: Stack) -> Iterator[None]:
    """Let messages wait until all samples are posted; meanwhile start workers of deliver.

    Otherwise each message starts a worker of its own, for a second of a processor.
    """
    client, function = stack.client("lambda"), stack.resources["DeliverFunction"]
    mappings = client.list_event_source_mappings()["EventSourceMappings"]
    for one in mappings:
        client.update_event_source_mapping(UUID=one["UUID"], Enabled=False)
    try:
        with ThreadPoolExecutor(len(mappings)) as threads:
            for _ in mappings:  # one for each queue
                threads.submit(client.invoke, FunctionName=function, Payload=_NOTHING)
            yield
    finally:
        for one in mappings:
            client.update_event_source_mapping(UUID=one["UUID"], Enabled=True)


def _address(local: Local, source: Source, secrets: Mapping[str, str]) -> Address:
    return Address(f"{local.url}/webhooks/{source.name}", source, secrets[source.secret])


def _arrived(posted: Iterable[Posted], planned: int) -> bool:
    return planned > 0 and all(one.status == _OK for one in posted)
