"""Plays the samples: posts them, and shows what Braze received."""

from collections.abc import Collection, Iterable, Mapping

from handler.core.rules.source import Source
from relay.console.terminal import console
from relay.paths import EVENTS
from relay.show import posted_table, received_at, refused_table, sends_table
from relay.stack.up import Local
from relay.webhooks.post import Posted, post
from relay.webhooks.samples import Address, sample_secrets, samples

_OK = 200


def play(local: Local, sources: Mapping[str, Source], names: Collection[str] | None) -> bool:
    """Post the samples (all, or the named ones), show both ends; tell whether all arrived."""
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
