"""Compiles one rule of a rules file."""

from collections.abc import Iterable, Sequence
from typing import Final

from handler.core.configuration.schema_errors import seconds
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.placeholders import filled, meant
from handler.core.expressions.template import Template, expressions, is_literal
from handler.core.rules.compile_send import compile_send, is_renamed
from handler.core.rules.compile_users import NOTHING, CompiledRequest, compile_users
from handler.core.rules.compiler import Compiler, root_names
from handler.core.rules.schema import RuleBlock, surge_limit
from handler.core.rules.source import ITEM, KINDS, Rule
from handler.core.rules.terms import find_terms
from handler.core.suggestions import closest

_EXAMPLE: Final = "what happens only once, as in once: ${body.id}"


def compile_rule(block: RuleBlock, index: int, compiler: Compiler) -> Rule:
    """Return the compiled rule; its mistakes are noted in the compiler."""
    path: Path = ("rules", index)
    each = None
    if block.for_each is not None:
        each = compiler.expression(block.for_each, (*path, "for_each"))
    roots = compiler.roots if each is None else (*compiler.roots, ITEM)
    once = _once(block, (*path, "once"), compiler, roots)
    body = _body(block, path, compiler, roots)
    if wrong := compiler.reach.refusal(block.workspace):
        compiler.find((*path, "workspace"), wrong)
    _find_unknown_paths(block, [*body.recipients, body.varying, body.send], path, compiler)
    find_terms(block, body, path, compiler)
    return Rule(
        name=block.name,
        kind=block.kind,
        types=tuple(block.type),
        when=None if block.when is None else compiler.expression(block.when, (*path, "when")),
        once=once,
        path=body.path,
        send=body.send,
        varying=body.varying,
        recipients=body.recipients,
        required=tuple(block.required),
        keep_empty=frozenset(block.keep_empty),
        expires_after=None if block.expires_after is None else seconds(block.expires_after),
        delay=None if block.delay is None else seconds(block.delay),
        guard=block.guard or (None if block.kind == "send" else block.name),
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
        text = f"once holds no ${{...}}: this rule would send once, ever; write {_varying(once)}"
        compiler.note_else(path, [((), text)])
    return once


def _varying(once: Template) -> str:
    """Return what is meant by a `once` that is the same for every event, else an example."""
    if not isinstance(once, str):
        return _EXAMPLE
    path = meant(once) if "." in once or once.endswith(("id", "}")) else None
    return filled(once) or path or _EXAMPLE


def _body(
    block: RuleBlock, path: Path, compiler: Compiler, roots: Sequence[str]
) -> CompiledRequest:
    """Return what a rule asks of Braze; nothing where it does not say which one thing that is."""
    if len(block.kinds) != 1:
        has = " and ".join(block.kinds) or "none"
        mend = "; make a rule of each" if block.kinds else ""
        compiler.find(path, f"a rule has exactly one of {', '.join(KINDS)}, and has {has}{mend}")
        return NOTHING
    if block.says("send"):
        return compile_send(block, path, compiler, roots)
    return compile_users(block, path, compiler, roots)


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
    kind = block.kind
    begin = f"paths begin in {'the recipient' if kind == 'send' else kind}"
    given = {"required": block.required, "keep_empty": block.keep_empty}
    places = ((key, at, one) for key, paths in given.items() for at, one in enumerate(paths))
    for key, at, wanted in places:
        parts = wanted.split(".")
        above = {".".join([*parts[:end], "*"]) for end in range(1, len(parts))}
        is_known = (wanted in known or above & known) and not wanted.endswith(".*")
        if not is_known and not is_renamed(parts[0], block.send):
            if "," in wanted:
                written = ", ".join(one.strip() for one in wanted.split(","))
                compiler.find((*path, key, at), f"{key} takes a list: [{written}]")
                continue
            ends = (one for one in sorted(known) if one.endswith(f".{wanted}"))
            near = next(ends, None) or closest(wanted, known)
            near = near.removesuffix(".*") if near else near
            hint = f"; did you mean {near}?" if near else f"; {begin}"
            compiler.find((*path, key, at), f"there is no {wanted}{hint}")
