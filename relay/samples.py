"""The sample webhooks of events/, signed as their senders would and posted."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from handler.core.errors import Finding, RulesError
from handler.core.source import Source
from handler.sources import read
from relay.sign import Letter, sign

NOW = "@now"  # in a sample's body, stands for the time of sending
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of events/: what a sender sends, but for the signature."""

    name: str
    source: str
    headers: Mapping[str, str]
    body: Any

    def content(self, now: int) -> bytes:
        """Return the body's bytes, with `@now` replaced by the time in ISO 8601."""
        at = datetime.fromtimestamp(now, UTC).isoformat()
        return json.dumps(self.body).replace(f'"{NOW}"', f'"{at}"').encode()


@dataclass(frozen=True, slots=True)
class Posted:
    """What the relay answered to a sample."""

    sample: Sample
    status: int
    answer: Mapping[str, Any]


def samples(folder: Path, sources: Sequence[str]) -> Iterator[Sample]:
    """Yield the samples of the given sources, by name."""
    for file in sorted(folder.glob("*.json")):
        webhook = json.loads(file.read_text(encoding="utf-8"))
        if webhook["source"] in sources:
            yield Sample(file.stem, webhook["source"], webhook["headers"], webhook["body"])


def sources_in(rules: Path, stage: str) -> Mapping[str, Source | RulesError]:
    """Return the sources of a rules directory, or their errors; raise RulesError for none."""
    found = read(rules, stage)
    if not found:
        raise RulesError([Finding(str(rules), 1, 1, "there is no rules file (NAME.yaml)")])
    return found


def load_sources(rules: Path, stage: str) -> dict[str, Source]:
    """Return the sources of a rules directory; raise the RulesError of the first that is wrong."""
    loaded = {}
    for name, source in sources_in(rules, stage).items():
        if isinstance(source, RulesError):
            raise source
        loaded[name] = source
    return loaded


def post(url: str, sample: Sample, source: Source, secret: str) -> Posted:
    """Sign a sample and post it to a relay."""
    now = int(time.time())
    headers = {"content-type": "application/json", **sample.headers}
    unsigned = Letter(f"{url}/webhooks/{sample.source}", headers, sample.content(now))
    answer = send(sign(unsigned, source.scheme, secret, now))
    return Posted(sample, answer.status_code, answer.json() if answer.content else {})


def send(letter: Letter) -> requests.Response:
    """Post a letter as it is."""
    url = f"{letter.url}?{letter.query}" if letter.query else letter.url
    return requests.post(url, data=letter.body, headers=letter.headers, timeout=_SECONDS)
