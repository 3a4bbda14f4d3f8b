"""Loads a rules file, the same way for Lambda and for every command.

All mistakes in it are found here, at once and without an event.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from handler.core.configuration import yaml12
from handler.core.configuration.schema_errors import seconds
from handler.core.configuration.secret_forms import find_secrets, is_secret_key
from handler.core.configuration.yaml12 import Document, Path
from handler.core.errors import Finding, RulesError
from handler.core.json_types import JsonValue
from handler.core.rules.checks import (
    find_mistakes,
    find_uncarried,
    find_unsigned,
    find_unsigned_recipients,
)
from handler.core.rules.compile_defines import compile_defines
from handler.core.rules.compile_rule import compile_rule
from handler.core.rules.compiler import EVENT_ROOTS, ID_ROOTS, Compiler, SourceContext
from handler.core.rules.defines import Define
from handler.core.rules.schema import WORDS, FileBlock, SourceBlock, read_file
from handler.core.rules.sender_blocks import ByTypeBlock
from handler.core.rules.source import ByType, EventReader, Rule, Source
from handler.core.rules.terms import find_orders
from handler.core.rules.verify_block import Sender, read_sender
from handler.core.workspace import ANYBODY, DEFAULT, Reach

__all__ = ["Rule", "Source", "load"]

_VERSION_CHARACTERS: Final = 12


class _Parts(NamedTuple):
    sender: Sender
    reader: EventReader
    rules: tuple[Rule, ...]
    variables: Mapping[str, JsonValue]
    defines: Mapping[str, Define]


def names(stem: str, text: str, file: str) -> tuple[str, ...]:
    """Return the sources of a rules file: those under `sources`, else the file's own name."""
    try:
        block, _ = _read(text, file)
    except RulesError as error:
        raise _told(error, text) from None
    return tuple(block.sources) or (stem,)


def stages(name: str, text: str, file: str) -> tuple[str, ...]:
    """Return the stages for which a source has `vars`; none where it is the same in every stage."""
    block, _ = _read(text, file)
    own = block.sources.get(name, SourceBlock())
    return tuple(dict.fromkeys([*block.vars, *own.vars]))


def load(name: str, text: str, file: str, stage: str, reach: Reach = ANYBODY) -> Source:
    """Return one of the sources that a rules file describes, for a stage.

    `file` is its name in findings. Raise RulesError with every mistake that was found.
    """
    try:
        return _load(name, text, file, stage, reach)
    except RulesError as error:
        raise _told(error, text) from None


def _told(error: RulesError, text: str) -> RulesError:
    """Return an error that repeats no secret of the file."""
    from handler.core.configuration.shown_lines import without_secrets  # noqa: PLC0415 - for mistakes

    return RulesError(without_secrets(error.findings, text))


def _load(name: str, text: str, file: str, stage: str, reach: Reach) -> Source:
    block, document = _read(text, file)
    own = block.sources.get(name, SourceBlock())
    try:
        parts = _compile(block, name, document, stage, reach)
    except RecursionError:
        raise RulesError([Finding(file, 1, 1, "an expression is nested too deeply")]) from None
    return Source(
        name=name,
        scheme=parts.sender.scheme,
        secret=own.secret or str(block.verify.get("secret") or name),
        event=parts.reader,
        headers=parts.sender.headers,
        content_types=parts.sender.content_types,
        answer=parts.sender.answer,
        handshakes=parts.sender.handshakes,
        vars=parts.variables,
        tables=block.tables,
        rules=parts.rules,
        defines=parts.defines,
        version=sha256(text.encode()).hexdigest()[:_VERSION_CHARACTERS],
    )


@lru_cache(maxsize=1)  # a file is read once for all of its sources
def _read(text: str, file: str) -> tuple[FileBlock, Document]:
    document = yaml12.load(text, file)
    if found := find_secrets(document, _names_a_secret, "shopify", _is_mistyped):
        raise RulesError(found)  # nothing else matters as much
    block = read_file(document)
    if not isinstance(block, FileBlock):
        raise RulesError(block)
    return block, document


def _names_a_secret(path: Path) -> bool:
    return path[-1:] == ("secret",) and path[0] in ("verify", "sources")


def _is_mistyped(path: Path) -> bool:
    if "vars" in (*path[:1], *path[2:3]):
        return is_secret_key(str(path[-1]))
    return path[:1] == ("verify",) and len(path) > 1 and path[1] not in WORDS.keys["verify",]


def _compile(block: FileBlock, name: str, document: Document, stage: str, reach: Reach) -> _Parts:
    own = block.sources.get(name, SourceBlock())
    read = read_sender(block, document)
    sender, findings = (None, read) if isinstance(read, list) else (read, [])
    findings = list(findings)
    variables = _vars(block, own, stage, document, findings)
    context = SourceContext(tuple(block.tables), own.workspace or DEFAULT, reach)
    compiler = Compiler(document, variables, context)
    if len(block.sources) > 1 and "public_url" in block.verify:
        text = "public_url is the URL of one source: give each of these a file of its own"
        compiler.find(("verify", "public_url"), text)
    if wrong := reach.refusal(own.workspace):
        compiler.find(("sources", name, "workspace"), wrong)
    compile_defines(block.define, compiler)
    rules = tuple(compile_rule(one, at, compiler) for at, one in enumerate(block.rules))
    _find_twins(block, compiler)
    reader = _reader(sender, compiler) if sender else None
    if sender:
        find_unsigned_recipients(rules, sender, compiler)
        find_uncarried(rules, sender, compiler)
    if reader:
        find_orders(rules, reader, compiler)
    find_mistakes(block, rules, reader, compiler)
    findings = findings + compiler.findings
    if findings or sender is None or reader is None:
        raise RulesError(sorted(dict.fromkeys(findings), key=lambda one: (one.line, one.column)))
    return _Parts(sender, reader, rules, variables, compiler.defines.by_name)


def _vars(
    block: FileBlock, own: SourceBlock, stage: str, document: Document, findings: list[Finding]
) -> Mapping[str, JsonValue]:
    """Return the variables of a stage: the file's, replaced by its source's own."""
    for given in (block.vars, own.vars):
        if given and stage not in given:
            text = f"vars has no stage {stage}; it has {' and '.join(given)}"
            findings.append(document.finding(("vars",), text))
    # Of an unknown stage every variable would be unknown too: one finding is enough.
    chosen = [one.get(stage, next(iter(one.values()), {})) for one in (block.vars, own.vars)]
    return {**chosen[0], **chosen[1]}


def _find_twins(block: FileBlock, compiler: Compiler) -> None:
    names = [rule.name for rule in block.rules]
    for at, name in enumerate(names):
        if name in names[:at]:
            compiler.find(("rules", at, "name"), f"a rule named {name} stands above already")


def _reader(sender: Sender, compiler: Compiler) -> EventReader:
    spec = sender.event
    reader = EventReader(
        type=compiler.expression(spec.type, ("event", "type"), EVENT_ROOTS),
        type_signed=spec.type_signed,
        ids=_by_type(spec.id, "id", compiler),
        times=_by_type(spec.occurred_at, "occurred_at", compiler),
        events=(
            compiler.expression(spec.events, ("event", "events"), EVENT_ROOTS)
            if spec.events is not None
            else None
        ),
        binds=_by_type(spec.bind, "bind", compiler),
        versions=_by_type(spec.version, "version", compiler),
        repeats_for=seconds(spec.repeats_for),
        references=_by_type(spec.reference, "reference", compiler),
    )
    find_unsigned(reader, spec, sender, compiler)
    return reader


def _by_type(spec: ByTypeBlock | None, field: str, compiler: Compiler) -> ByType:
    globs = spec if isinstance(spec, dict) else {"*": spec} if spec is not None else {}
    roots = ID_ROOTS if field == "id" else EVENT_ROOTS
    return tuple(
        (glob, compiler.expression(text, ("event", field, glob), roots))
        for glob, text in globs.items()
    )
