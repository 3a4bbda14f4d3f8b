"""Reads `only` of workspaces.yaml: whom a workspace may reach, in all stages or in each."""

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from handler.core.configuration.yaml12 import Document, Path
from handler.core.errors import Finding
from handler.core.workspace import DEFAULT

EVERYBODY: Final = "everybody"
_EXAMPLE: Final = '["*@ourshop.example", "qa-*"]'
_NOT_A_LIST: Final = f"only takes a list of patterns, such as {_EXAMPLE}"
_BY_STAGE: Final = f"{{dev: {_EXAMPLE}, prod: {EVERYBODY}}}"

Only = tuple[str, ...] | None  # the patterns, or everybody


def read_only(
    workspace: str, value: JsonValue, stage: str | None, document: Document
) -> Only | list[Finding]:
    """Return the `only` of a workspace in a stage, or every mistake in it, of all stages.

    Without a stage, as where nothing is sent, that of no stage is returned: everybody.
    """
    at: Path = (workspace, "only")
    if isinstance(value, dict):
        return _of_stage(value, stage, at, document)
    if isinstance(value, list) and workspace == DEFAULT:
        text = f"default is the workspace of every stage: say whom each may reach: {_BY_STAGE}"
        return [document.finding(at, text)]
    if not isinstance(value, list):
        return [document.finding(at, f"{_NOT_A_LIST}, or an object by stage: {_BY_STAGE}")]
    return [*_mistakes(value, at, document)] or tuple(map(str, value))


def _of_stage(
    stages: dict[str, JsonValue], stage: str | None, at: Path, document: Document
) -> Only | list[Finding]:
    findings: list[Finding] = []
    for name, value in stages.items():
        if isinstance(value, list):
            findings += _mistakes(value, (*at, name), document)
        elif value != EVERYBODY:
            text = f"{name} takes a list of patterns, such as {_EXAMPLE}, or {EVERYBODY}"
            findings.append(document.finding((*at, name), text))
    if not stages:
        findings.append(document.finding(at, f"only names no stage: {_BY_STAGE}"))
    elif stage is not None and stage not in stages:
        text = f"only does not say whom stage {stage} may reach: a list of patterns, or {EVERYBODY}"
        findings.append(document.finding(at, text))
    value = stages.get(stage or "", EVERYBODY)
    return findings or (tuple(map(str, value)) if isinstance(value, list) else None)


def _mistakes(patterns: list[JsonValue], at: Path, document: Document) -> Iterator[Finding]:
    """Yield what is wrong with a list: a pattern must not match whom nobody thought of."""
    if not patterns:
        text = f"the list is empty, so nobody could be reached; it takes patterns: {_EXAMPLE}"
        yield document.finding(at, text)
    for index, pattern in enumerate(patterns):
        if wrong := _wrong(pattern):
            yield document.finding((*at, index), wrong)


def _wrong(pattern: JsonValue) -> str:
    if not isinstance(pattern, str):
        return "a pattern is text: put it in quotes"
    if not any(one.isalnum() for one in pattern):
        return f"it names nobody, or everybody: write a part of an address or id, as in {_EXAMPLE}"
    _, sign, domain = pattern.partition("@")
    if sign and ("*" in domain or not any(one.isalnum() for one in domain)):
        return "what follows @ is written out, without *: else addresses of strangers match"
    return ""
