"""Posts the samples to a local stack, and shows what Braze received."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

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
from relay.stacks.local import Stack
from relay.webhooks.post import Posted, post
from relay.webhooks.samples import Address, sample_secrets, samples

_SECONDS = 30
_LOOKS = 0.1  # seconds between two
_NOTHING = b'{"Records": []}'
_OK = 200


def received_at(braze_url: str, count: int) -> tuple[list[Record], list[Record]]:
    """Return the sends of the simulated Braze, and the requests that it refused.

    Wait until these are `count` together, 30 seconds at most.
    """
    deadline = time.monotonic() + _SECONDS
    with requests.Session() as session:
        while True:
            sends, made = (_control(session, braze_url, what) for what in ("sends", "requests"))
            refused = [one for one in made if one["outcome"] == "rejected"]
            if len(sends) + len(refused) >= count or time.monotonic() > deadline:
                return sends, refused
            time.sleep(_LOOKS)


def _control(session: requests.Session, braze_url: str, what: str) -> list[Record]:
    records: list[Record] = session.get(f"{braze_url}/_sim/{what}", timeout=_SECONDS).json()
    return records


def play(local: Local, sources: Mapping[str, Source], names: Collection[str] | None) -> bool:
    """Post the samples (all, or those named) and show both ends; return whether all arrived."""
    secrets = sample_secrets(sources)
    chosen = [one for one in samples(EVENTS, sources) if names is None or one.name in names]
    with _collected(local.stack):
        posted = [post(_address(local, sources[one.source], secrets), one) for one in chosen]
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
