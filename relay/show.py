"""Tables for people: what was posted, and what Braze received for it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests
import yaml
from rich.console import Console
from rich.table import Table

from relay.samples import Posted

_SECONDS = 30


def sends_at(braze_url: str, count: int) -> list[dict[str, Any]]:
    """Return what the simulated Braze has sent, once it is `count` sends, or after 30 seconds."""
    deadline = time.monotonic() + _SECONDS
    while True:
        sends: list[dict[str, Any]] = requests.get(
            f"{braze_url}/_sim/sends", timeout=_SECONDS
        ).json()
        if len(sends) >= count or time.monotonic() > deadline:
            return sends
        time.sleep(0.05)


def posted_table(posted: Iterable[Posted]) -> Table:
    """Return a table of samples and the relay's answers."""
    table = Table("sample", "posted to", "answer", title="Webhooks", title_justify="left")
    for one in posted:
        words = ", ".join(f"{value} {name}" for name, value in one.answer.items())
        table.add_row(one.sample.name, f"/webhooks/{one.sample.source}", f"{one.status} {words}")
    return table


def sends_table(sends: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table of what Braze received: profile before, attributes, message."""
    table = Table(
        *("user", "profile before", "attributes", "message"),
        title="What Braze received",
        title_justify="left",
        show_lines=True,
    )
    for send in sends:
        before = "(new)" if send["profile_before"] is None else _fields(send["profile_before"])
        message = _fields(send["message"]) if send["reached"] else f"none: {send['because']}"
        table.add_row(
            _fields(send["recipient"] or {}), before, _fields(send["attributes"]), message
        )
    return table


def console() -> Console:
    """Return a console that does not squeeze tables where the output is not a terminal."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=160)


def _fields(values: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=60)
    return text.rstrip("\n")
