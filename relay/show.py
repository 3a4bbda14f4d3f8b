"""Tables for people: what was posted, and what Braze received for it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests
import yaml
from rich.table import Column, Table

from relay.webhooks.post import Posted

_SECONDS = 30
_ONE = {"events": "event", "deliveries": "delivery"}
Record = Mapping[str, Any]  # as the simulated Braze shows it


def received_at(braze_url: str, count: int) -> tuple[list[Record], list[Record]]:
    """Return what the simulated Braze has sent, and what it has refused.

    Wait until these are `count` together, 30 seconds at most.
    """
    deadline = time.monotonic() + _SECONDS
    while True:
        sends = _control(braze_url, "sends")
        refused = [it for it in _control(braze_url, "requests") if it["outcome"] == "rejected"]
        if len(sends) + len(refused) >= count or time.monotonic() > deadline:
            return sends, refused
        time.sleep(0.05)


def _control(braze_url: str, what: str) -> list[Record]:
    records: list[Record] = requests.get(f"{braze_url}/_sim/{what}", timeout=_SECONDS).json()
    return records


def posted_table(posted: Iterable[Posted]) -> Table:
    """Return a table of samples and the relay's answers."""
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
    """Return a table of the requests that Braze refused, each with Braze's words."""
    table = _table("What Braze refused", "status", "because", "request")
    for request in refused:
        table.add_row(str(request["status"]), request["reason"], _fields(request["body"] or {}))
    return table


def _table(title: str, *columns: str) -> Table:
    whole = [Column(column, overflow="fold") for column in columns]  # ids are to be copied
    return Table(*whole, title=title, title_justify="left", show_lines=True)


def _counted(number: int, things: str) -> str:
    return f"{number} {_ONE.get(things, things) if number == 1 else things}"


def _fields(values: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=60)
    return text.rstrip("\n")
