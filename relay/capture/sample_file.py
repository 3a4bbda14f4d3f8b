"""Sample made of a webhook that a local stack has answered: headers, body, name, file."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from handler.core.models import Event
from handler.core.rules.source import Source
from relay.capture.new_file import write_new
from relay.capture.replacement import Replaced, without_persons
from relay.local.webhook_feed import Answered
from relay.rules.webhooks import Given, events
from relay.rules.webhooks import verified as given_as_verified
from relay.webhooks.samples import Sample

NAME: Final = re.compile(r"[\w-]{1,100}", re.ASCII)
UNREPLACED: Final = "an address or number in it cannot be replaced everywhere: nothing is written"
_LONGEST: Final = 90  # characters of a name that is made: a number may follow
_OK: Final = 200
_SHOWN: Final = 200  # characters of an answer


def unfit(source: Source, webhook: Answered) -> str:
    """Return why a webhook becomes no sample; empty where it does."""
    if webhook.status != _OK:
        reason = " ".join(webhook.answer.split())[:_SHOWN]
        log = "the reason is in the log lines of the stack"
        return f"{webhook.status} {reason}".rstrip() + f": {log}"
    if webhook.method != "POST" or not types_of(source, webhook):
        return "200, but there is no event in it: a ping, a challenge, or nothing that can be read"
    return ""


def types_of(source: Source, webhook: Answered) -> list[str]:
    """Return the types of a webhook's events, of those that can be read."""
    return [one.type for one in _events(source, webhook)]


def _events(source: Source, webhook: Answered) -> list[Event]:
    try:
        body = json.loads(webhook.body)
    except (ValueError, RecursionError):  # nested too deep
        return []
    sample = Sample("", source.name, kept(source, webhook), body)
    return events(given_as_verified(Given(sample), source), source)


def kept(source: Source, webhook: Answered) -> dict[str, str]:
    """Return the headers that a sample keeps: those that events of the source carry."""
    names = ("content-type", *source.headers)
    return {name: webhook.headers[name] for name in names if name in webhook.headers}


def replaced(source: Source, webhook: Answered, *, as_is: bool) -> Replaced:
    """Return what a sample keeps of a webhook, without its persons unless it stays `as_is`.

    Raise Unreplaced where one of them would remain.
    """
    headers, body = kept(source, webhook), json.loads(webhook.body)
    if as_is:
        return Replaced(headers, body, {})
    return without_persons(headers, body, frozenset(types_of(source, webhook)))


def write(file: Path, source: str, made: Replaced) -> None:
    """Write a sample; raise FileExistsError where there is one already.

    Raise UnicodeEncodeError where a text has half a character, which no file holds.
    """
    document = {"source": source, "headers": dict(made.headers), "body": made.body}
    write_new(file, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())


def told(made: Replaced, *, as_is: bool) -> Iterator[str]:
    """Yield what was replaced, and what is to be read before it is committed."""
    if as_is:
        yield "It has the persons of the webhook in it: do not commit it."
    elif made.paths:
        yield "replaced by stand-ins:"
        yield from (f"  {path}: {', '.join(kinds)}" for path, kinds in made.paths.items())
        yield "Read it before you commit it: a name where nobody expects one is not found."
    else:
        yield "nothing in it looks like personal data; read it before you commit it"


def named(source: Source, webhook: Answered) -> str:
    """Return the name that a sample has by default: the source and the type of its event."""
    types = types_of(source, webhook)
    return f"{source.name}-{_slug(types[0] if types else '')}"[:_LONGEST].rstrip("-")


def free(folder: Path, name: str, ending: str = ".json") -> Path:
    """Return the first file of a folder that is not there: NAME, NAME-2, NAME-3."""
    number, file = 1, folder / f"{name}{ending}"
    while file.exists():
        number += 1
        file = folder / f"{name}-{number}{ending}"
    return file


def _slug(kind: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-") or "event"
