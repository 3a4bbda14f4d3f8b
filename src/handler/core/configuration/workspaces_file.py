"""Reads workspaces.yaml: the Braze workspaces besides the default one."""

import re
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue

from handler.core.configuration import yaml12
from handler.core.configuration.only import read_only
from handler.core.configuration.schema_errors import (
    NAME,
    NAME_TAKES,
    SECRET_TAKES,
    Name,
    Words,
    read_block,
)
from handler.core.configuration.secret_forms import find_secrets
from handler.core.configuration.yaml12 import Document
from handler.core.errors import Finding, RulesError
from handler.core.workspace import DEFAULT, Workspace, is_braze, is_loopback, is_other_host

_BRAZE: Final = "https://rest.iad-01.braze.com"
_NOT_BRAZE: Final = (
    f"it is not one of Braze's REST endpoints, such as {_BRAZE}; if it is a "
    "new one of Braze's, say allow_other_host: true beside it, for the API key is sent there"
)


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str
    key: Name | None = None
    allow_other_host: bool = False
    only: JsonValue = None


def read_workspaces(
    text: str, file: str, default: Workspace | None, stage: str | None = None
) -> dict[str, Workspace]:
    """Return the workspaces of the file, and the default one, by name.

    Without a `default`, as in ingest, the checks that need it are skipped, and without the `stage`
    of the rules `only` may leave stages out. Where the default is on this machine, as on the local
    stack, so is every other. Raise RulesError with every mistake.
    """
    document = yaml12.load(text, file)
    if secrets := find_secrets(document, lambda path: path[1:] == ("key",), such_as="usa"):
        raise RulesError(secrets)  # nothing else matters as much
    if not isinstance(document.value, dict):
        raise RulesError([document.finding((), "the file takes an object: workspaces by name")])
    found = {} if default is None else {DEFAULT: default}
    findings: list[Finding] = []
    for name, value in document.value.items():
        read = _with_only(_read(name, value, default, document), value, stage, document)
        if isinstance(read, Workspace):
            found[name] = read
        else:
            findings += read
    if findings:
        raise RulesError(findings)
    return found


def _with_only(
    read: Workspace | list[Finding], value: JsonValue, stage: str | None, document: Document
) -> Workspace | list[Finding]:
    """Return a workspace with whom it may reach, where its block says so."""
    if not isinstance(read, Workspace) or not isinstance(value, dict) or "only" not in value:
        return read
    only = read_only(read.name, value["only"], stage, document)
    return only if isinstance(only, list) else replace(read, only=only)


def _read(
    name: str, value: JsonValue, default: Workspace | None, document: Document
) -> Workspace | list[Finding]:
    if not re.fullmatch(NAME, name):
        return [document.finding((name,), f"the name of a workspace {NAME_TAKES}")]
    words = Words({(name,): tuple(_Block.model_fields)}, takes={"key": SECRET_TAKES})
    if name == DEFAULT and isinstance(value, dict) and "endpoint" not in value:
        endpoint = _BRAZE if default is None else default.endpoint  # which is checked already
        value = {"endpoint": endpoint, "allow_other_host": True, **value}
    block = read_block(_Block, value, (name,), document, words)
    if isinstance(block, list):
        return block
    on_this_machine = default is None or is_loopback(default.endpoint)
    if wrong := _wrong(block, on_this_machine=on_this_machine):
        return [document.finding((name, "endpoint"), wrong)]
    moved = default is not None and on_this_machine and not is_loopback(block.endpoint)
    endpoint = default.endpoint if default is not None and moved else block.endpoint
    workspace = Workspace(name, endpoint, block.key or name)
    if name == DEFAULT and default not in (None, workspace):
        text = "default is the workspace of BrazeEndpoint, with the key default, and no other"
        return [document.finding((name,), text)]
    return workspace


def _wrong(block: _Block, *, on_this_machine: bool) -> str:
    """Return what is wrong with an endpoint, or nothing: the API key is sent wherever it points."""
    if is_loopback(block.endpoint):
        return "" if on_this_machine else "only the local stack sends to this machine"
    if block.allow_other_host:
        return "" if is_other_host(block.endpoint) else "it takes https:// and a host name, no more"
    return "" if is_braze(block.endpoint) else _NOT_BRAZE
