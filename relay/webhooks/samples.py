"""The sample webhooks of events/, signed as their senders would sign them."""

import json
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from handler.core.errors import Finding, RulesError
from handler.core.rules.source import Source
from handler.core.suggestions import closest
from handler.core.verification.schemes import BasicScheme
from handler.rules_directory import read
from relay.webhooks.signer import SignedRequest, sign

_PLACE: Final = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)
_KEYS: Final = 3  # keys that a sample must have
_SHAPE: Final = "(a sample has source, headers, body)"
NOW = "@now"  # in a sample's body: replaced by the time of sending


class WrongSample(Exception):
    """A file of events/ is no sample; the text has file, place and reason."""


def misread(file: str, error: ValidationError) -> str:
    """Return what is wrong with a file, one line for each mistake, as `file:line:column: why`."""
    found = error.errors(include_url=False)
    if sum(one["type"] == "missing" for one in found) == _KEYS:
        source = Path(file).stem.partition("-")[0]
        wrapped = f'{{"source": "{source}", "headers": {{}}, "body": ...}}'
        return f"{file}: this is a bare body: wrap it as {wrapped}"
    return "\n".join(_described(file, one) for one in found)


def _described(file: str, error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        words = str(error["ctx"]["error"])
        place = _PLACE.fullmatch(words)
        return (
            f"{file}:{place[2]}:{place[3]}: not JSON: {place[1]}" if place else f"{file}: {words}"
        )
    where = ".".join(map(str, error["loc"])) or "the file"
    if error["type"] == "missing":
        return f"{file}: {where} is missing {_SHAPE}"
    if error["type"] == "model_type":
        return f"{file}: not a JSON object {_SHAPE}"
    return f"{file}: {where}: {error['msg'].lower()}"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of events/: a webhook as its sender sends it, without the signature."""

    name: str
    source: str
    headers: Mapping[str, str]
    body: JsonValue

    def content(self, now: int) -> bytes:
        """Return the body's bytes, with `@now` replaced by the time in ISO 8601."""
        at = datetime.fromtimestamp(now, UTC).isoformat()
        return json.dumps(self.body).replace(f'"{NOW}"', f'"{at}"').encode()


class _File(BaseModel):
    source: str
    headers: dict[str, str]
    body: JsonValue


@dataclass(frozen=True, slots=True)
class Address:
    """The URL that a source's webhooks are posted to, and the secret that signs them."""

    url: str
    source: Source
    secret: str = field(repr=False)

    def signed(self, headers: Mapping[str, str], body: bytes, now: int) -> SignedRequest:
        """Return a webhook as its sender would send it at `now`."""
        given = {name.lower(): value for name, value in headers.items()}
        unsigned = SignedRequest(self.url, {"content-type": "application/json", **given}, body)
        return sign(unsigned, self.source.scheme, self.secret, now)


def read_sample(file: Path) -> Sample:
    """Return the sample of a file; raise pydantic's ValidationError where it is none."""
    read = _File.model_validate_json(file.read_bytes())
    return Sample(file.stem, read.source, read.headers, read.body)


def samples(folder: Path, sources: Container[str]) -> Iterator[Sample]:
    """Yield the samples of the given sources, by name; raise WrongSample."""
    yield from (sample for sample in _samples(folder) if sample.source in sources)


def samples_left_out(folder: Path, sources: Iterable[str]) -> Iterator[str]:
    """Yield the samples whose source does not exist; raise WrongSample."""
    known = list(sources)
    others = [sample for sample in _samples(folder) if sample.source not in known]
    left_out = []
    for sample in others:
        if near := closest(sample.source, known):
            yield f"{_unknown(folder, sample)}; did you mean {near}?"
        else:
            left_out.append(sample)
    if len(left_out) > 1:
        yield f"{len(left_out)} samples of other sources are left out"
    else:
        yield from (f"{_unknown(folder, one)}: it is left out" for one in left_out)


def _unknown(folder: Path, sample: Sample) -> str:
    return f"{folder.name}/{sample.name}.json: there is no source {sample.source}"


def read_all(folder: Path) -> tuple[list[Sample], list[str]]:
    """Return the samples of a folder by name, and what is wrong with its other files."""
    found, wrong = [], []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(read_sample(file))
        except ValidationError as error:
            wrong.append(misread(f"{folder.name}/{file.name}", error))
        except OSError as error:
            wrong.append(f"{folder.name}/{file.name}: it cannot be read: {error.strerror}")
    return found, wrong


def _samples(folder: Path) -> list[Sample]:
    found, wrong = read_all(folder)
    if wrong:
        raise WrongSample("\n".join(wrong))
    return found


def sources_in(
    rules: Path, stage: str, *, broadcasts: bool = True
) -> Mapping[str, Source | RulesError]:
    """Return the sources of a rules directory, or their errors; raise RulesError for none.

    `broadcasts` is whether rules may broadcast: a parameter of each deployment.
    """
    found = read(rules, stage, broadcasts=broadcasts)
    if not found:
        raise RulesError([Finding(str(rules), 1, 1, "there is no rules file (NAME.yaml)")])
    return {name: _placed(source, rules) for name, source in found.items()}


def _placed(source: Source | RulesError, rules: Path) -> Source | RulesError:
    """Return a source, or its error with paths that lead to the file from the present folder."""
    if isinstance(source, Source):
        return source
    folder = shown_folder(rules)
    return RulesError(
        [replace(one, file=str(folder / Path(one.file).name)) for one in source.findings]
    )


def shown_folder(folder: Path) -> Path:
    """Return a folder relative to the present one if it is inside, so that paths can be clicked."""
    from_here = Path(os.path.relpath(folder))
    return folder if ".." in from_here.parts else from_here


def load_sources(rules: Path, stage: str) -> dict[str, Source]:
    """Return the sources of a rules directory; raise the RulesError of the first that is wrong."""
    loaded = {}
    for name, source in sources_in(rules, stage).items():
        if isinstance(source, RulesError):
            raise source
        loaded[name] = source
    return loaded


def sample_secrets(sources: Mapping[str, Source | RulesError]) -> dict[str, str]:
    """Return a fixed signing secret for each source: 64 hex digits, which most schemes take."""
    return dict(_sample_secret(name, source) for name, source in sources.items())


def _sample_secret(name: str, source: Source | RulesError) -> tuple[str, str]:
    key = source.secret if isinstance(source, Source) else name
    secret = sha256(f"local {key}".encode()).hexdigest()
    is_basic = isinstance(source, Source) and isinstance(source.scheme, BasicScheme)
    return key, f"sample:{secret}" if is_basic else secret
