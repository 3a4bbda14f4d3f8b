"""Slips of a rules file that loads otherwise, and would silently send too much or nothing.

What stands here looks at whole rules; `traps` looks at one expression.
"""

import json
from collections.abc import Iterable, Iterator

from handler.core.attributes import check_attributes
from handler.core.compiling import Compiler
from handler.core.expressions import Expression
from handler.core.grammar import FileBlock
from handler.core.identifiers import IDENTIFIERS
from handler.core.source import EventReader, Rule
from handler.core.template import Problem, Template, Whole, expressions
from handler.core.traps import constant, contradictions, stringified
from handler.core.trees import results


def find_slips(
    block: FileBlock, rules: Iterable[Rule], reader: EventReader | None, compiler: Compiler
) -> None:
    """Note what is surely not meant."""
    compiler.note((), list(_templates_among_values(block)))
    for _, expression in reader.ids if reader else ():
        compiler.note(("event", "id"), _stringified([expression]))
    for at, rule in enumerate(rules):
        compiler.note(("rules", at), [*_conditions(rule), *_identities(rule), *_recipients(rule)])


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


def _identities(rule: Rule) -> Iterator[Problem]:
    for _, text in _stringified(expressions(rule.once)):
        yield ("once",), text
    for text in _constants(rule.once):
        yield ("once",), f"{text} is the same for every event: this would be sent once, ever"
    for at, recipient in enumerate(rule.recipients):
        for key in IDENTIFIERS:
            for path, text in _stringified(expressions(recipient.get(key))):
                yield ("send", "recipients", at, key, *path), text
            for text in _constants(recipient.get(key)):
                problem = f"{text} is one person for all who have no other id: leave it out"
                yield ("send", "recipients", at, key), problem


def _constants(template: Template) -> Iterator[str]:
    """Yield the values written down that a whole `${...}` may come to: `a || 'guest'`."""
    if isinstance(template, Whole):
        for node in results(template.expression.tree):
            if node["type"] == "literal" and node["value"] not in (None, "", False):
                yield json.dumps(node["value"])


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
        if value is None and key.startswith(("body.", "vars.", "item.")):
            yield (key,), f"YAML reads {{{key}}} as an object; write ${{{key}}}"
        yield from (((key, *path), text) for path, text in _keys(value))
