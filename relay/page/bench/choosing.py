"""Choice of an event and a rules file for the bench, from a URL or from its form."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from handler.core.errors import RulesError
from handler.core.rules.load import names
from relay.console.format import clock
from relay.page.bench import rules_files
from relay.page.bench.events import (
    PASTED,
    NoEvent,
    of_letter,
    of_pasted,
    of_sample,
    of_webhook,
    sample_names,
)
from relay.page.bench.outcomes import Asked
from relay.page.bench.rules_files import NotDone
from relay.page.braze import letters
from relay.page.context import PageContext
from relay.page.stack import operated
from relay.page.webhooks.listing import whole_number

SAMPLE, WEBHOOK, LETTER = "sample", "webhook", "letter"
_RECENT: Final = 30  # webhooks to choose from
_SHOWN: Final = 20  # characters of a number that there is not
Options = list[tuple[str, str]]  # values and words


@dataclass(frozen=True, slots=True)
class ChosenEvent:
    """An event as the form names it; `source` is what pasted JSON is taken for."""

    event: str
    pasted: str = field(default="", repr=False)
    headers: str = field(default="", repr=False)
    source: str = ""

    async def asked(self, context: PageContext) -> Asked:
        """Return the event; raise NoEvent."""
        kind, _, name = self.event.partition(":")
        if kind == PASTED:
            return of_pasted(self.pasted, self.headers, self.source)
        if kind == SAMPLE:
            return await asyncio.to_thread(of_sample, context.folders.events, name)
        if kind == WEBHOOK:
            return _webhook(context, name)
        return await _letter(context, name)


def _webhook(context: PageContext, name: str) -> Asked:
    found = context.journal.find(whole_number(name))
    if found is None:
        raise NoEvent(f"webhook {name[:_SHOWN]} is not kept any more")
    reading = context.reading(found)
    hidden, headers = reading.credentials, reading.answered.headers
    # Rules that are typed may name another header as the credential than those served then.
    kept = {name: one for name, one in headers.items() if name not in hidden}
    return of_webhook(found.number, replace(reading.answered, headers=kept), found.at)


async def _letter(context: PageContext, name: str) -> Asked:
    """Return the event of a letter by its id, or the beginning of it; it is read once."""
    if (known := context.workbench.letters.get(name)) is not None:
        return known
    async with context.side.reading:
        found = await asyncio.to_thread(letters.read, operated(context))
    one = next((one for one in found.letters if name and one.id.startswith(name)), None)
    if one is None:
        raise NoEvent(f"there is no dead letter {name}; {found.lent}".removesuffix("; "))
    context.workbench.letters[name] = made = of_letter(one)
    return made


def from_url(query: Mapping[str, str]) -> str:
    """Return the event that a URL names, as the form does; empty where it names none."""
    named = (kind for kind in (SAMPLE, WEBHOOK, LETTER) if query.get(kind))
    return next((f"{kind}:{query[kind]}" for kind in named), "")


def first_event(context: PageContext, source: str) -> str:
    """Return the sample that a source's rules are tried on first; pasted JSON where it has none."""
    for name in sample_names(context.folders.events):
        try:
            if of_sample(context.folders.events, name).source == source:
                return f"{SAMPLE}:{name}"
        except NoEvent:
            continue
    return PASTED


def file_for(folder: Path, source: str) -> str:
    """Return the rules file that a source is in, else the first one; empty where there is none."""
    there = rules_files.names(folder)
    own = [one for one in there if source and source in _sources(folder, one)]
    return next(iter([*own, *there]), "")


def _sources(folder: Path, name: str) -> tuple[str, ...]:
    """Return the sources of a rules file; that of its name where it cannot be read."""
    stem = Path(name).stem
    try:
        return names(stem, rules_files.read(folder, name).text, name)
    except (NotDone, RulesError):
        return (stem,)


def options(context: PageContext, chosen: str) -> Iterator[tuple[str, Options]]:
    """Yield groups of events to choose from."""
    samples = sample_names(context.folders.events)
    yield "Samples", [(f"{SAMPLE}:{name}", name) for name in samples]
    recent = context.journal.newest()[:_RECENT]
    yield (
        "Webhooks",
        [
            (
                f"{WEBHOOK}:{one.number}",
                f"{one.number}, {clock(one.at)}, {_source(one.webhook.path)}",
            )
            for one in recent
        ],
    )
    if chosen.startswith(f"{LETTER}:"):
        yield "Dead letter", [(chosen, chosen.partition(":")[2])]
    yield "Other", [(PASTED, "pasted JSON")]


def _source(path: str) -> str:
    return urlsplit(path).path.rpartition("/")[2]
