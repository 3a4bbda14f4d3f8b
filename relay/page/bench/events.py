"""Events that rules are tried on: samples, webhooks of the journal, dead letters, pasted JSON.

Each becomes a webhook as the commands over rules take one; of a live one the very bytes are kept.
"""

import json
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from handler.core import message
from relay.dead_letters.letter import Letter
from relay.local.webhook_feed import Answered
from relay.page.bench.outcomes import Asked
from relay.rules.webhooks import Given
from relay.webhooks.samples import Sample, misread, read_sample

PASTED: Final = "pasted"
_WEBHOOKS: Final = "/webhooks/"
_TOO_DEEP: Final = "its JSON is nested too deep"


class NoEvent(Exception):
    """There is no such event, or it cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class _Received(Sample):
    """A webhook as it was received: its body is not written anew."""

    raw: bytes = field(repr=False)

    def content(self, _now: int) -> bytes:
        return self.raw


def of_sample(folder: Path, name: str) -> Asked:
    """Return a sample of a folder by its name."""
    if name not in sample_names(folder):
        raise NoEvent(f"there is no sample {name}")
    file = folder / f"{name}.json"
    try:
        return _asked(Given(read_sample(file)))
    except ValidationError as error:
        raise NoEvent(misread(f"{folder.name}/{file.name}", error)) from None
    except OSError as error:
        raise NoEvent(f"{folder.name}/{file.name} cannot be read: {error.strerror}") from None


def sample_names(folder: Path) -> list[str]:
    """Return the names of the samples of a folder."""
    return sorted(one.stem for one in folder.glob("*.json"))


def of_webhook(number: int, answered: Answered, at: float) -> Asked:
    """Return a webhook that the stack has answered at a time."""
    source = answered.path.removeprefix(_WEBHOOKS).removesuffix("/")
    return _asked(_received(f"webhook {number}", source, answered.headers, answered.body, int(at)))


def of_letter(letter: Letter) -> Asked:
    """Return the event that a dead letter or a held delivery carries."""
    content = letter.content
    if content is None:
        raise NoEvent(f"letter {letter.short}: {letter.detail}")
    try:
        fields = message.unpack(content.event)
        headers = dict(fields["headers"])
        raw = b64decode(fields["raw"]) if "raw" in fields else _bytes(fields)
    except (ValueError, KeyError, TypeError, zlib.error):
        raise NoEvent(f"letter {letter.short} carries no event") from None
    return _asked(
        _received(f"letter {letter.short}", content.source, headers, raw, content.accepted_at)
    )


def _bytes(fields: Mapping[str, Any]) -> bytes:
    """Return the body of a carried event; under `for_each` it has its own element alone."""
    return json.dumps(fields["body"] if "body" in fields else [fields["item"]]).encode()


def of_pasted(text: str, headers: str, source: str) -> Asked:
    """Return pasted JSON, a body or a whole sample; `headers` are lines `name: value`."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NoEvent(f"what is pasted is not JSON: {error}") from None
    except RecursionError:
        raise NoEvent(_TOO_DEEP) from None
    given = dict(map(_header, filter(str.strip, headers.splitlines())))
    if isinstance(found, dict) and found.keys() == {"source", "headers", "body"}:
        own = found["headers"]
        if not isinstance(own, dict) or not isinstance(found["source"], str):
            raise NoEvent("a sample has source, headers and body: text, an object, and JSON")
        source, found = found["source"], found["body"]
        given = {str(name): str(value) for name, value in own.items()} | given
    return _asked(Given(Sample("pasted", source, given, found)))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise NoEvent(f"a header is NAME: VALUE, in a line of its own: {line.strip()}")
    return name.strip().lower(), value.strip()


def _received(
    name: str, source: str, headers: Mapping[str, str], raw: bytes, received_at: int
) -> Given:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None  # the rules say what is wrong with it
    return Given(_Received(name, source, headers, body, raw), received_at)


def _asked(given: Given) -> Asked:
    sample = given.sample
    told = [sample.name, sample.source, dict(sample.headers), sample.body, given.received_at]
    try:
        return Asked(given, sha256(json.dumps(told).encode()).hexdigest())
    except RecursionError:
        raise NoEvent(_TOO_DEEP) from None
