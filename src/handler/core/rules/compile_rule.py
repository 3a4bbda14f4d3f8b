"""Compiles one rule of a rules file."""

from collections.abc import Iterable, Mapping, Sequence

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
from handler.core.configuration.schema_errors import seconds
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.template import Template, expressions, is_literal
from handler.core.json_types import JsonValue
from handler.core.rules.compiler import Compiler, root_names
from handler.core.rules.schema import RuleBlock, surge_limit
from handler.core.rules.source import ITEM, Rule
from handler.core.suggestions import closest


def compile_rule(block: RuleBlock, index: int, compiler: Compiler) -> Rule:
    """Return the compiled rule; its mistakes are noted in the compiler."""
    path: Path = ("rules", index)
    each = None
    if block.for_each is not None:
        each = compiler.expression(block.for_each, (*path, "for_each"))
    roots = compiler.roots if each is None else (*compiler.roots, ITEM)
    once = _once(block, (*path, "once"), compiler, roots)
    send = _send(block, (*path, "send"), compiler, roots)
    at = endpoint(send)
    shared, varying = _shared_and_varying(send, at)
    recipients = _recipients(send)
    _find_out_of_reach(block, send, path, compiler)
    _find_unknown_paths(block, [*recipients, varying, shared], path, compiler)
    return Rule(
        name=block.name,
        types=tuple(block.type),
        when=None if block.when is None else compiler.expression(block.when, (*path, "when")),
        once=once,
        path=at.path if at else "",
        send=shared,
        varying=varying,
        recipients=recipients,
        required=tuple(block.required),
        keep_empty=frozenset(block.keep_empty),
        expires_after=None if block.expires_after is None else seconds(block.expires_after),
        surge=surge_limit(block.surge),
        priority=block.priority,
        on_unknown=block.on_unknown,
        for_each=each,
        once_per_item=any(ITEM in root_names(one) for one in expressions(once)),
        workspace=block.workspace or compiler.workspace,
        enabled=block.enabled,
        shadow=block.shadow,
    )


def _once(block: RuleBlock, path: Path, compiler: Compiler, roots: Sequence[str]) -> Template:
    once = compiler.template(block.once, path, roots)
    if once is not None and is_literal(once):
        compiler.find(path, "once holds no ${...}: this rule would send once, ever")
    return once


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


def _find_out_of_reach(
    block: RuleBlock, send: Mapping[str, Template], path: Path, compiler: Compiler
) -> None:
    if wrong := compiler.reach.refusal(block.workspace):
        compiler.find((*path, "workspace"), wrong)
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


def _paths(templates: Iterable[Template], path: str = "") -> Iterable[str]:
    """Return all paths within templates; `x.*` where an expression makes what is below x."""
    for template in templates:
        if isinstance(template, dict):
            for key, part in template.items():
                inner = f"{path}.{key}" if path else key
                yield inner
                yield from _paths([part], inner)
        elif isinstance(template, list):
            yield from _paths(template, path)
        elif not is_literal(template):
            yield f"{path}.*"


def _find_unknown_paths(
    block: RuleBlock, templates: Iterable[Template], path: Path, compiler: Compiler
) -> None:
    known = set(_paths(templates))
    given = {"required": block.required, "keep_empty": block.keep_empty}
    places = ((key, at, one) for key, paths in given.items() for at, one in enumerate(paths))
    for key, at, wanted in places:
        parts = wanted.split(".")
        above = {".".join([*parts[:end], "*"]) for end in range(1, len(parts))}
        is_known = (wanted in known or above & known) and not wanted.endswith(".*")
        if not is_known and not _is_renamed(parts[0], block.send):
            if "," in wanted:
                written = ", ".join(one.strip() for one in wanted.split(","))
                compiler.find((*path, key, at), f"{key} takes a list: [{written}]")
                continue
            ends = (one for one in sorted(known) if one.endswith(f".{wanted}"))
            near = next(ends, None) or closest(wanted, known)
            near = near.removesuffix(".*") if near else near
            hint = f"; did you mean {near}?" if near else "; paths begin in the recipient"
            compiler.find((*path, key, at), f"there is no {wanted}{hint}")


def _is_renamed(key: str, send: Mapping[str, JsonValue]) -> bool:
    """Return whether a key of Braze stands in the request misspelt: that is told by itself."""
    keys = {one for at in SENDS for one in at.keys}
    if key not in keys or key in send:
        return False
    return any(closest(one, keys) == key for one in send if one not in keys)
