"""Slips of a rules file that loads otherwise, and would silently send too much or nothing.

What stands here looks at whole rules; `traps` looks at one expression.
"""

from collections.abc import Iterable, Iterator, Mapping

from handler.core.braze.contract.attributes import check_attributes
from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.expressions.constants import fixed, is_template, varies
from handler.core.expressions.expression import Expression
from handler.core.expressions.pitfalls import constant, contradictions, stringified
from handler.core.expressions.placeholders import meant
from handler.core.expressions.template import Problem, Template, Whole, expressions
from handler.core.rules.compiler import Compiler
from handler.core.rules.schema import FileBlock
from handler.core.rules.source import EventReader, Rule


def find_slips(
    block: FileBlock, rules: Iterable[Rule], reader: EventReader | None, compiler: Compiler
) -> None:
    """Note what is surely not meant."""
    compiler.note((), list(_templates_among_values(block)))
    for _, expression in reader.ids if reader else ():
        compiler.note(("event", "id"), [*_stringified([expression]), *_one_event(expression)])
    for at, rule in enumerate(rules):
        compiler.note(("rules", at), [*_conditions(rule), *_once(rule), *_recipients(rule)])
        compiler.note_else(("rules", at), _identifiers(rule))


def _templates_among_values(block: FileBlock) -> Iterator[Problem]:
    """Yield `${}` where it is text: variables, tables and types are the same for every event."""
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


def _once(rule: Rule) -> Iterator[Problem]:
    for _, text in _stringified(expressions(rule.once)):
        yield ("once",), text
    for text in fixed(rule.once):
        yield ("once",), f"{text} is the same for every event: this would be sent once, ever"


def _identifiers(rule: Rule) -> Iterator[Problem]:
    """Yield what is wrong with who is reached."""
    for at, recipient in enumerate(rule.recipients):
        for key in IDENTIFIERS:
            place = ("send", "recipients", at, key)
            for path, text in _stringified(expressions(recipient.get(key))):
                yield (*place, *path), text
            for path, identifier in _naming(recipient, key):
                for text in _one_person(identifier, [key, *path][-1]):
                    yield (*place, *path), text


def _naming(
    recipient: Mapping[str, Template], key: str
) -> Iterator[tuple[tuple[str, ...], Template]]:
    """Yield what names a recipient; the label of an alias only says of which kind its name is."""
    given = recipient.get(key)
    if key == "user_alias":
        name = "alias_name"
        yield from [((name,), given[name])] if isinstance(given, dict) and name in given else []
    elif key in recipient:
        yield (), given


def _one_person(identifier: Template, name: str) -> Iterator[str]:
    if isinstance(identifier, dict | list):
        yield f"{name} takes text with ${{...}} in it"
    elif not is_template(identifier):
        path = meant(identifier) if isinstance(identifier, str) else None
        mend = path or "what of the event says who it is, as in ${body.customer.id}"
        yield f"{name} holds no ${{...}}: all would be one person; write {mend}"
    for text in fixed(identifier):
        if varies(identifier):
            yield f"{text} is one person for all who have no other id: leave it out"
        else:
            yield f"{text} is the same for every event: all would be one person"


def _one_event(expression: Expression) -> Iterator[Problem]:
    for text in fixed(Whole(expression)):
        yield (), f"{text} is the same for every webhook: all without another id would be one event"


def _stringified(made_of: Iterable[Expression]) -> list[Problem]:
    return [((), text) for one in made_of for text in stringified(one.tree)]


def _recipients(rule: Rule) -> Iterator[Problem]:
    for at, recipient in enumerate(rule.recipients):
        place = ("send", "recipients", at)
        for path, text in check_attributes(recipient.get("attributes")):
            yield (*place, "attributes", *path), text
        for path, text in _keys(dict(recipient)):
            yield (*place, *path), text
        if "email" in recipient and recipient.get("send_to_existing_only") is False:
            text = (
                "Braze creates nobody by email: take external_user_id, with email under attributes"
            )
            yield (*place, "send_to_existing_only"), text


def _keys(template: Template) -> Iterator[Problem]:
    """Yield `{body.x}`: YAML reads it as an object whose only key this is."""
    for key, value in template.items() if isinstance(template, dict) else ():
        if value is None and "." in key and (path := meant(key)):
            yield (key,), f"YAML reads {{{key}}} as an object; write {path}"
        yield from (((key, *path), text) for path, text in _keys(value))
