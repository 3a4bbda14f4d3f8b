"""Posts the samples to a local stack, and shows what Braze received."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import requests
import yaml
from rich.table import Column, Table

from handler.core.rules.source import Source
from relay.console.terminal import console
from relay.local.stack import Local
from relay.paths import EVENTS
from relay.webhooks.post import Posted, post
from relay.webhooks.samples import Address, sample_secrets, samples

_SECONDS = 30
_ONE = {"events": "event", "deliveries": "delivery"}
Record = Mapping[str, Any]  # as the simulated Braze shows it
_OK = 200


def received_at(braze_url: str, count: int) -> tuple[list[Record], list[Record]]:
    """Return the sends of the simulated Braze, and the requests that it refused.

    Wait until these are `count` together, 30 seconds at most.
    """
    deadline = time.monotonic() + _SECONDS
    while True:
        sends = _control(braze_url, "sends")
        refused = [one for one in _control(braze_url, "requests") if one["outcome"] == "rejected"]
        if len(sends) + len(refused) >= count or time.monotonic() > deadline:
            return sends, refused
        time.sleep(0.05)


def _control(braze_url: str, what: str) -> list[Record]:
    records: list[Record] = requests.get(f"{braze_url}/_sim/{what}", timeout=_SECONDS).json()
    return records


def posted_table(posted: Iterable[Posted]) -> Table:
    """Return a table of the samples and the relay's answers."""
    table = _table("Webhooks", "sample", "posted to", "answer")
    for one in posted:
        words = ", ".join(_counted(value, name) for name, value in one.answer.items())
        table.add_row(one.sample.name, f"/webhooks/{one.sample.source}", f"{one.status} {words}")
    return table


def sends_table(sends: Sequence[Record]) -> Table:
    """Return a table of what Braze received: profile before, attributes, message."""
    table = _table("What Braze received", "user", "profile before", "attributes", "message")
    for send in sends:
        before = "(new)" if send["profile_before"] is None else _fields(send["profile_before"])
        message = _fields(send["message"]) if send["reached"] else f"none: {send['because']}"
        table.add_row(
            _fields(send["recipient"] or {}), before, _fields(send["attributes"]), message
        )
    return table


def refused_table(refused: Sequence[Record]) -> Table:
    """Return a table of the requests that Braze refused, each with Braze's reason."""
    table = _table("What Braze refused", "status", "because", "request")
    for request in refused:
        table.add_row(str(request["status"]), request["reason"], _fields(request["body"] or {}))
    return table


def _table(title: str, *columns: str) -> Table:
    whole = [Column(column, overflow="fold") for column in columns]  # ids stay whole to be copied
    return Table(*whole, title=title, title_justify="left", show_lines=True)


def _counted(number: int, things: str) -> str:
    return f"{number} {_ONE.get(things, things) if number == 1 else things}"


def _fields(values: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=60)
    return text.rstrip("\n")


def play(local: Local, sources: Mapping[str, Source], names: Collection[str] | None) -> bool:
    """Post the samples (all, or those named) and show both ends; return whether all arrived."""
    secrets = sample_secrets(sources)
    posted = [
        post(_address(local, sources[sample.source], secrets), sample)
        for sample in samples(EVENTS, list(sources))
        if names is None or sample.name in names
    ]
    planned = sum(one.answer.get("deliveries", 0) for one in posted)
    sends, refused = received_at(local.braze_url, planned)
    screen = console()
    screen.print(posted_table(posted), sends_table(sends), sep="\n\n")
    if refused:
        screen.print("\n", refused_table(refused))
    return _arrived(posted, planned) and len(sends) == planned and all(s["reached"] for s in sends)


def _address(local: Local, source: Source, secrets: Mapping[str, str]) -> Address:
    return Address(f"{local.url}/webhooks/{source.name}", source, secrets[source.secret])


def _arrived(posted: Iterable[Posted], planned: int) -> bool:
    return planned > 0 and all(one.status == _OK for one in posted)
