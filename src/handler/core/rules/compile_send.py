"""Compiles the `send` of a rule: a trigger request, and who is reached by it."""

from collections.abc import Mapping, Sequence

from handler.core.braze.contract.trigger import check
from handler.core.braze.endpoints import (
    LITERAL_KEYS,
    RECIPIENTS,
    SENDS,
    TRANSACTIONAL,
    Endpoint,
    endpoint,
    reaches_audience,
)
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.template import Template, is_literal
from handler.core.json_types import JsonValue
from handler.core.rules.compile_users import CompiledRequest
from handler.core.rules.compiler import Compiler
from handler.core.rules.schema import RuleBlock
from handler.core.suggestions import closest


def compile_send(
    block: RuleBlock, path: Path, compiler: Compiler, roots: Sequence[str]
) -> CompiledRequest:
    """Return the compiled `send` of the rule at a path; its mistakes are noted in the compiler."""
    send = _send(block, (*path, "send"), compiler, roots)
    at = endpoint(send)
    _find_broadcast(block, send, path, compiler)
    shared, varying = _shared_and_varying(send, at)
    return CompiledRequest(at.path if at else "", _recipients(send), shared, varying)


def _send(
    block: RuleBlock, path: Path, compiler: Compiler, roots: Sequence[str]
) -> dict[str, Template]:
    template = compiler.template(dict(block.send), path, roots)
    send = template if isinstance(template, dict) else {}
    for key in LITERAL_KEYS:
        if key in send:
            send[key] = compiler.literal(send[key], (*path, key))
    compiler.note(path, check(send))
    return send


def _find_broadcast(
    block: RuleBlock, send: Mapping[str, Template], path: Path, compiler: Compiler
) -> None:
    broadcast = send.get("broadcast")
    if broadcast is not True and (RECIPIENTS in send or not reaches_audience(send)):
        return
    at: Path = (*path, "send", "broadcast")
    if not block.allow_broadcast:
        whole = "broadcast: true reaches the whole audience of the campaign or Canvas"
        part = "an audience without recipients reaches everybody whom its filters find"
        fix = "if that is meant, say allow_broadcast: true beside send"
        compiler.find(at, f"{whole if broadcast else part}; {fix}")
    elif not compiler.reach.broadcasts:
        text = "this deployment takes no broadcasts: set its parameter AllowBroadcast=true"
        compiler.find(at, text)
    if block.for_each is not None:
        text = "a broadcast is made once of an event, and not of each element"
        compiler.find((*path, "for_each"), text)


def _shared_and_varying(
    send: Mapping[str, Template], at: Endpoint | None
) -> tuple[dict[str, Template], dict[str, Template]]:
    """Return what all deliveries of a rule share, and the properties that vary with the event."""
    own = ("recipients", "recipient", TRANSACTIONAL)  # the last one is in the path
    shared: dict[str, Template] = {key: one for key, one in send.items() if key not in own}
    varying: dict[str, Template] = {}
    for name in at.properties if at else ():
        block = shared.get(name)
        if isinstance(block, dict):
            shared[name] = {key: one for key, one in block.items() if is_literal(one)}
            varying[name] = {key: one for key, one in block.items() if not is_literal(one)}
        elif name in shared and not is_literal(block):
            varying[name] = shared.pop(name)
    return (
        {key: one for key, one in shared.items() if one != {}},
        {key: one for key, one in varying.items() if one != {}},
    )


def _recipients(send: Mapping[str, Template]) -> tuple[dict[str, Template], ...]:
    recipients = [send["recipient"]] if "recipient" in send else send.get("recipients")
    return (
        tuple(one for one in recipients if isinstance(one, dict))
        if isinstance(recipients, list)
        else ()
    )


def is_renamed(key: str, send: Mapping[str, JsonValue]) -> bool:
    """Return whether a key of Braze stands in the request misspelt: that is told by itself."""
    keys = {one for at in SENDS for one in at.keys}
    if key not in keys or key in send:
        return False
    return any(closest(one, keys) == key for one in send if one not in keys)
