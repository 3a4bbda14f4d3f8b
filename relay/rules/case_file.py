"""Case files of `relay rules test`: a webhook and its expected outcome. Read strictly."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from handler.core.configuration.yaml12 import Document, load
from handler.core.errors import Finding, RulesError
from handler.core.expressions.template import Problem
from handler.core.models import ParkReason
from handler.core.suggestions import closest, unknown_key
from relay.paths import EVENTS, PROJECT
from relay.rules.webhooks import Given, merged
from relay.webhooks.samples import Sample, read_sample

CASES: Final = PROJECT / "tests" / "cases"


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookBlock(_Block):
    """A webhook: its headers and body, or a sample of events/ with changes."""

    event: str | None = None
    headers: dict[str, str] = {}
    body: JsonValue = None
    change: dict[str, JsonValue] | None = None


class DeliveryBlock(_Block):
    """A request to Braze, exactly; the delivery's id is compared only where it is given."""

    rule: str
    id: str | None = None
    path: str
    body: dict[str, JsonValue]


class ParkedBlock(_Block):
    """A rule match that becomes a dead letter; without `rule` the event itself does."""

    rule: str | None
    reason: ParkReason
    detail: str


class ExpectBlock(_Block):
    """The whole outcome of a webhook; of `unmatched`, the reasons of the rules that it names."""

    deliveries: list[DeliveryBlock] = []
    shadow: list[DeliveryBlock] = []
    parked: list[ParkedBlock] = []
    unmatched: dict[str, str] | None = None


class CaseBlock(_Block):
    """A case as written."""

    webhook: WebhookBlock
    received_at: AwareDatetime | None = None
    expect: ExpectBlock | None = None


class Gone(RulesError):
    """The sample of a case does not exist."""


_KEYS: Final[Mapping[tuple[str, ...], type[BaseModel]]] = {
    (): CaseBlock,
    ("webhook",): WebhookBlock,
    ("expect",): ExpectBlock,
    ("expect", "deliveries"): DeliveryBlock,
    ("expect", "shadow"): DeliveryBlock,
    ("expect", "parked"): ParkedBlock,
}
_NOWHERE: Final = "a case lies in a folder named as its source: SOURCE/CLAIM.yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """A case: `name` is source and claim, `expect` is None until it is written."""

    name: str
    file: Path
    given: Given
    expect: ExpectBlock | None
    document: Document
    notes: tuple[Finding, ...] = ()


def read_cases(folder: Path, project: Path = PROJECT) -> Iterator[Case | RulesError]:
    """Yield the cases of a folder by name; for a file with mistakes, its errors.

    `project` is where the samples are that cases name.
    """
    for file in sorted(one for one in folder.rglob("*.y*ml") if one.is_file()):
        try:
            yield read_case(file, folder, project)
        except RulesError as error:
            yield error


def read_case(file: Path, folder: Path, project: Path = PROJECT) -> Case:
    """Return the case of a file; raise RulesError with its mistakes."""
    shown = os.path.relpath(file)
    shown = str(file) if shown.startswith("..") else shown
    if file.parent.parent != folder or file.suffix != ".yaml":
        raise RulesError([Finding(shown, 1, 1, _NOWHERE)])
    try:
        document = load(file.read_text(encoding="utf-8"), shown)
    except UnicodeDecodeError:
        raise RulesError([Finding(shown, 1, 1, "the file is not UTF-8 text")]) from None
    block = _block(document)
    at = None if block.received_at is None else int(block.received_at.timestamp())
    name = f"{file.parent.name}/{file.stem}"
    sample, notes = _sample(block.webhook, document, project)
    given = Given(replace(sample, source=file.parent.name), at)
    return Case(name, file, given, block.expect, document, notes)


def _block(document: Document) -> CaseBlock:
    try:
        # From JSON: there strict mode still accepts text for a time.
        return CaseBlock.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        found = [_finding(one, document) for one in error.errors(include_url=False)]
        raise RulesError(sorted(found, key=lambda one: (one.line, one.column))) from None


def _finding(error: ErrorDetails, document: Document) -> Finding:
    path = error["loc"]
    block = tuple(step for step in path[:-1] if isinstance(step, str))
    if error["type"] == "extra_forbidden":
        known = _KEYS[block].model_fields if block in _KEYS else ()
        return document.finding(path, unknown_key(str(path[-1]), known))
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    if error["type"] == "missing":
        where = ".".join(block) or "the file"
        return document.finding(path, f"{name} is missing in {where}")
    return document.finding(path, f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}")


def _sample(
    webhook: WebhookBlock, document: Document, project: Path
) -> tuple[Sample, tuple[Finding, ...]]:
    given = webhook.model_fields_set
    if ("event" in given) == ("body" in given):
        raise _wrong(document, (), "a webhook has either event (a sample) or body")
    if webhook.event is None:
        if webhook.change is not None:
            raise _wrong(document, ("change",), "change is for an event; write the body as it is")
        return Sample("", "", webhook.headers, webhook.body), ()
    sample = _event(webhook.event, document, project)
    notes = tuple(
        document.finding(("webhook", "change", *path), text)
        for path, text in _unseen(sample.body, webhook.change)
    )
    body = sample.body if webhook.change is None else merged(sample.body, webhook.change)
    return replace(sample, headers={**sample.headers, **webhook.headers}, body=body), notes


def _event(event: str, document: Document, project: Path) -> Sample:
    """Return a sample by its name, or by its path from the project's folder."""
    events = EVENTS if project == PROJECT else project / EVENTS.name
    named = events / f"{event}.json"
    try:
        return read_sample(named if named.is_file() else project / event)
    except OSError:
        near = closest(event, [one.stem for one in events.glob("*.json")])
        hint = f"; did you mean {near}?" if near else ""
        found = document.finding(("webhook", "event"), f"there is no {event}{hint}")
        raise Gone([found]) from None
    except ValidationError:
        raise _wrong(document, ("event",), f"{event} is no sample webhook") from None


def _unseen(body: JsonValue, change: JsonValue, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield the keys of a change that the sample lacks, and that are like one of its keys."""
    if not isinstance(body, dict) or not isinstance(change, dict):
        return
    for key, part in change.items():
        if key in body:
            yield from _unseen(body[key], part, (*path, key))
        elif near := closest(key, body):
            shown = ".".join(("body", *path, key))
            yield (*path, key), f"the sample has no {shown}; did you mean {near}?"


def _wrong(document: Document, path: tuple[str, ...], message: str) -> RulesError:
    return RulesError([document.finding(("webhook", *path), message)])
