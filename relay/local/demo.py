"""Posts the samples to a local stack, and shows what Braze received."""

import time
from collections.abc import Collection, Iterable, Mapping

import requests
import typer

from handler.core.rules.source import Source
from relay.local.received import (
    Record,
    answer_lines,
    ordered,
    refused_lines,
    send_lines,
    wanted,
)
from relay.local.stack import Local
from relay.paths import EVENTS
from relay.webhooks.post import Posted, post
from relay.webhooks.samples import Address, sample_secrets, samples

_SECONDS = 30
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
    _show("Webhooks", answer_lines(posted))
    _show("What Braze received", send_lines(ordered(sends, wanted(posted, sources))))
    _show("What Braze refused", refused_lines(refused))
    return _arrived(posted, planned) and len(sends) == planned and all(s["reached"] for s in sends)


def _show(title: str, lines: Iterable[str]) -> None:
    """Print lines under their title; nothing where there are none."""
    text = "\n".join(lines).rstrip("\n")
    if text:
        typer.secho(title, bold=True)
        typer.echo(f"{text}\n")


def _address(local: Local, source: Source, secrets: Mapping[str, str]) -> Address:
    return Address(f"{local.url}/webhooks/{source.name}", source, secrets[source.secret])


def _arrived(posted: Iterable[Posted], planned: int) -> bool:
    return planned > 0 and all(one.status == _OK for one in posted)
