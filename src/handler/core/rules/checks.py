"""Checks on whole rules: valid syntax that is almost certainly a mistake, or trusts unsigned data.

A constant `when`, a fixed recipient: such a rule would silently send too much, or nothing. The
checks on single expressions are `pitfalls.traps`.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from handler.core.braze.contract.attributes import check_attributes
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.constants import fixed, is_template, varies
from handler.core.expressions.expression import Expression
from handler.core.expressions.number_conditions import always_true
from handler.core.expressions.pitfalls import constant, contradictions, stringified
from handler.core.expressions.placeholders import filled, meant, unfilled
from handler.core.expressions.syntax_tree import of_event, results, uses_whole
from handler.core.expressions.template import Problem, Template, Text, Whole, expressions
from handler.core.rules.compiler import BROKEN, Compiler, header_names, leaves, root_names
from handler.core.rules.defines import Define
from handler.core.rules.schema import FileBlock
from handler.core.rules.sender_blocks import EventBlock
from handler.core.rules.source import EventReader, Rule
from handler.core.rules.users import reaching
from handler.core.rules.verify_block import Sender

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_TIMES: Final = frozenset({"occurred_at", "received_at"})
_SAME: Final = frozenset({"source", "type", "vars", "tables"})


def find_mistakes(
    block: FileBlock, rules: Iterable[Rule], reader: EventReader | None, compiler: Compiler
) -> None:
    """Note what a rule author almost certainly did not mean."""
    compiler.note((), list(_templates_among_values(block)))
    for _, expression in reader.ids if reader else ():
        compiler.note(("event", "id"), [*_stringified([expression]), *_one_event(expression)])
    for at, rule in enumerate(rules):
        compiler.note(("rules", at), [*_conditions(rule), *_once(rule), *_recipients(rule)])
        compiler.note_else(("rules", at), _identifiers(rule))


def _templates_among_values(block: FileBlock) -> Iterator[Problem]:
    """Yield uses of `${}` in plain values: variables, tables and types do not vary by event."""
    for name, groups in (("vars", block.vars), ("tables", block.tables)):
        for group, values in groups.items():
            for key, value in values.items():
                if isinstance(value, str) and "${" in value:
                    yield (name, group, key), f"{name} holds values, and no ${{...}}: {value}"
    for at, rule in enumerate(block.rules):
        for glob in rule.type:
            if "${" in glob:
                yield ("rules", at, "type"), f"type is text, and no ${{...}}: {glob}"


def _conditions(rule: Rule) -> Iterator[Problem]:
    if rule.when:
        for text in constant(rule.when.tree, "when"):
            yield ("when",), text
        for text in contradictions(rule.when.tree, rule.types):
            yield ("when",), text
        known = set(always_true(rule.when.tree))  # of its parts
        for text in always_true(rule.when.tree, is_condition=True):
            yield from [] if text in known else [(("when",), text)]


def _once(rule: Rule) -> Iterator[Problem]:
    for _, text in _stringified(expressions(rule.once)):
        yield ("once",), text
    for text in _unfilled(rule.once):
        yield ("once",), text
    for text in fixed(rule.once):
        yield ("once",), f"{text} is the same for every event: this would be sent once, ever"


def _identifiers(rule: Rule) -> Iterator[Problem]:
    """Yield mistakes in the identifiers of users."""
    for place, given in rule.identifiers:
        for path, text in _stringified(expressions(given)):
            yield (*place, *path), text
        for path, identifier in _naming(place, given):
            name = next(one for one in reversed(path) if isinstance(one, str))
            yield from ((path, text) for text in _one_person(identifier, name))


def _naming(place: Path, given: Template) -> Iterator[tuple[Path, Template]]:
    """Yield the part of an identifier that names a person: of an alias its name, not its label."""
    if place[-1] == "user_alias":
        name = "alias_name"
        yield from (
            [((*place, name), given[name])] if isinstance(given, dict) and name in given else []
        )
    else:
        yield place, given


def _one_person(identifier: Template, name: str) -> Iterator[str]:
    if isinstance(identifier, dict | list):
        yield f"{name} takes text with ${{...}} in it"
    elif not is_template(identifier):
        path = isinstance(identifier, str) and (meant(identifier) or filled(identifier))
        mend = path or "what of the event says who it is, as in ${body.customer.id}"
        yield f"{name} holds no ${{...}}: all would be one person; write {mend}"
    yield from _unfilled(identifier)
    if times := _only_times(identifier):
        mend = "write what of the event says who it is, as in ${body.customer.id}"
        yield f"{' and '.join(times)} is a time, and no person; {mend}"
    for text in fixed(identifier):
        if varies(identifier):
            yield f"{text} is one person for all who have no other id: leave it out"
        else:
            yield f"{text} is the same for every event: all would be one person"


def _unfilled(template: Template) -> Iterator[str]:
    """Yield other languages' placeholders beside `${}`: their text is the same for every event."""
    for part in template.parts if isinstance(template, Text) else ():
        for found, value in unfilled(part) if isinstance(part, str) else ():
            yield f"{found} is sent as it stands; for the event's value write {value}"


def _only_times(identifier: Template) -> list[str]:
    """Return the times that an identifier may be made of, where it has nothing else in it."""
    found: set[str] = set()
    for expression in expressions(identifier):
        names = [_event_names(one) for one in results(expression.tree)]
        others = [one for one in names if one <= _SAME]
        times = [one for one in names if one & _TIMES and one <= _TIMES | _SAME]
        if len(others) < len(names) and not times:
            return []
        found |= {name for one in times for name in one & _TIMES}
    return sorted(found)


def _event_names(node: "Node") -> set[str]:
    """Return the parts of the event that a node reads; "body" where it reads all of it."""
    names = {str(one["value"]) for one in of_event(node) if one["type"] == "field"}
    return names | {"body"} if uses_whole(node) else names


def _one_event(expression: Expression) -> Iterator[Problem]:
    for text in fixed(Whole(expression)):
        yield (), f"{text} is the same for every webhook: all without another id would be one event"


def _stringified(made_of: Iterable[Expression]) -> list[Problem]:
    return [((), text) for one in made_of for text in stringified(one.tree)]


def _recipients(rule: Rule) -> Iterator[Problem]:
    for place, recipient in rule.bodies:
        for path, text in _keys(dict(recipient)):
            yield (*place, *path), text
        if rule.kind != "send":
            continue  # its own check has the rest
        for path, text in check_attributes(recipient.get("attributes")):
            yield (*place, "attributes", *path), text
        if "email" in recipient and recipient.get("send_to_existing_only") is False:
            text = (
                "Braze creates nobody by email: take external_user_id, with email under attributes"
            )
            yield (*place, "send_to_existing_only"), text


def _keys(template: Template) -> Iterator[Problem]:
    """Yield `{body.x}`: YAML reads it as an object whose only key this is."""
    if isinstance(template, list):
        for at, one in enumerate(template):
            yield from (((at, *path), text) for path, text in _keys(one))
    for key, value in template.items() if isinstance(template, dict) else ():
        if value is None and "." in key and (path := meant(key)):
            yield (key,), f"YAML reads {{{key}}} as an object; write {path}"
        yield from (((key, *path), text) for path, text in _keys(value))


def find_unsigned(
    reader: EventReader, spec: EventBlock, sender: Sender, compiler: Compiler
) -> None:
    """Refuse fields of `event` that read unsigned data: a replay could choose their values."""
    claims = [("id", one) for _, one in reader.ids] + [
        ("occurred_at", one) for _, one in reader.times
    ]
    claims += [("bind", one) for _, one in reader.binds]
    claims += [("version", one) for _, one in reader.versions]
    claims += [("reference", one) for _, one in reader.references]
    claims += [("type", reader.type)] if spec.type_signed else []
    claims += [("events", reader.events)] if reader.events else []
    for field, expression in claims:
        for header in header_names(expression) if expression is not BROKEN else ():
            if header is None or not sender.scheme.proves(header.lower()):
                text = f"the sender does not sign {header or 'its headers'}: {field} is unproven"
                compiler.find(("event", field), text)
    _find_headers(reader.type, sender, ("event", "type"), compiler)
    if reader.events and any(
        not {"body", "digest"} & root_names(one) or list(header_names(one)) for _, one in reader.ids
    ):
        text = "events of one webhook could share this id; take it from body, the event, alone"
        compiler.find(("event", "id"), text)


def find_unsigned_recipients(rules: Iterable[Rule], sender: Sender, compiler: Compiler) -> None:
    """Refuse `once`, `for_each` and recipients of unsigned data: a replay could vary them."""
    for at, rule in enumerate(rules):
        for path, expression in _deciding(rule):
            for name in _unsigned(expression, sender):
                by = [one for one in compiler.defines.of(expression) if _trusts(one, name, sender)]
                read = f" ({', '.join(f'define.{one.name}' for one in by)})" if by else ""
                text = f"the sender does not sign {name}{read}"
                text += ": who plays a webhook again could vary it"
                compiler.find(("rules", at, *path), text)


def _deciding(rule: Rule) -> Iterator[tuple[Path, Expression]]:
    """Yield the expressions that decide how often, and to whom, a rule sends."""
    yield from ((("once",), one) for one in expressions(rule.once))
    yield from [(("for_each",), rule.for_each)] if rule.for_each else []
    for place, recipient in rule.bodies:
        for path, leaf in leaves(reaching(recipient, rule.kind)):
            yield from (((*place, *path), one) for one in expressions(leaf))


def _unsigned(expression: Expression, sender: Sender) -> list[str]:
    if expression is BROKEN:
        return []
    unsigned = {
        name or "its headers"
        for name in header_names(expression)
        if name is None or not sender.scheme.proves(name.lower())
    }
    unsigned |= {"received_at"} & root_names(expression)
    unsigned |= set() if sender.event.type_signed else {"type"} & root_names(expression)
    return sorted(unsigned)


def _trusts(define: Define, name: str, sender: Sender) -> bool:
    """Return whether a name reads an unsigned value itself."""
    return any(name in _unsigned(one, sender) for one in expressions(define.template))


def find_uncarried(rules: Iterable[Rule], sender: Sender, compiler: Compiler) -> None:
    """Refuse expressions that read a header that no event carries: it would silently be null."""
    for define in compiler.defines.by_name.values():
        for expression in expressions(define.template):
            _find_headers(expression, sender, ("define", define.name), compiler)
    for at, rule in enumerate(rules):
        for path, expression in _reading(rule):
            _find_headers(expression, sender, ("rules", at, *path), compiler)


def _reading(rule: Rule) -> Iterator[tuple[Path, Expression]]:
    """Yield the condition of a rule and the expressions of its body, each with its path."""
    yield from [(("when",), rule.when)] if rule.when else []
    shared = (("send",), rule.send), (("send",), rule.varying)
    for place, template in (*shared, *rule.bodies):
        for path, leaf in leaves(dict(template)):
            yield from (((*place, *path), one) for one in expressions(leaf))


def _find_headers(expression: Expression, sender: Sender, path: Path, compiler: Compiler) -> None:
    """Refuse headers that no event carries; those that a name reads are refused at the name."""
    others = (one for one in compiler.defines.of(expression) if path != ("define", one.name))
    theirs = {name for one in others for name in one.headers}
    for name in (one for one in header_names(expression) if one not in theirs):
        if name is not None and name.lower() not in sender.headers:
            text = f"an event carries no header {name}; name it under headers, in the file"
            compiler.find(path, text)
        elif name is not None and name != name.lower():
            compiler.find(path, f"headers have names in small letters: {name.lower()}")
