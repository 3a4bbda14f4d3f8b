"""What nobody signs, or an event does not carry, and a rules file reads all the same."""

from collections.abc import Iterable, Iterator

from handler.core.configuration.yaml12 import Path
from handler.core.expressions.expression import Expression
from handler.core.expressions.template import expressions
from handler.core.planning.recipient import reaching
from handler.core.rules.compiler import Compiler, header_names, leaves, root_names
from handler.core.rules.source import EventReader, Rule
from handler.core.verification.sender import EventSpec, Sender


def find_unsigned(reader: EventReader, spec: EventSpec, sender: Sender, compiler: Compiler) -> None:
    """Refuse an id or time from what the sender does not sign: anybody could choose it."""
    claims = [("id", it) for _, it in reader.ids] + [("occurred_at", it) for _, it in reader.times]
    claims += [("bind", it) for _, it in reader.binds]
    claims += [("version", it) for _, it in reader.versions]
    claims += [("type", reader.type)] if spec.type_signed else []
    claims += [("events", reader.events)] if reader.events else []
    for field, expression in claims:
        for header in header_names(expression):
            if header is None or not sender.scheme.proves(header.lower()):
                text = f"the sender does not sign {header or 'its headers'}: {field} is unproven"
                compiler.find(("event", field), text)
    _find_headers(reader.type, sender, ("event", "type"), compiler)
    if reader.events and any(
        not {"body", "digest"} & root_names(it) or list(header_names(it)) for _, it in reader.ids
    ):
        text = "events of one webhook could share this id; take it from body, the event, alone"
        compiler.find(("event", "id"), text)


def find_unproven(rules: Iterable[Rule], sender: Sender, compiler: Compiler) -> None:
    """Refuse a `once`, elements or recipients of what nobody signs: anybody could vary them."""
    for at, rule in enumerate(rules):
        for path, expression in _deciding(rule):
            for name in _unsigned(expression, sender):
                text = f"the sender does not sign {name}: who plays a webhook again could vary it"
                compiler.find(("rules", at, *path), text)


def _deciding(rule: Rule) -> Iterator[tuple[Path, Expression]]:
    """Yield what decides how often, and to whom, is sent."""
    yield from ((("once",), one) for one in expressions(rule.once))
    yield from [(("for_each",), rule.for_each)] if rule.for_each else []
    for at, recipient in enumerate(rule.recipients):
        for path, leaf in leaves(reaching(recipient)):
            place = ("send", "recipients", at, *path)
            yield from ((place, one) for one in expressions(leaf))


def _unsigned(expression: Expression, sender: Sender) -> list[str]:
    unsigned = {
        name or "its headers"
        for name in header_names(expression)
        if name is None or not sender.scheme.proves(name.lower())
    }
    unsigned |= {"received_at"} & root_names(expression)
    unsigned |= set() if sender.event.type_signed else {"type"} & root_names(expression)
    return sorted(unsigned)


def find_uncarried(rules: Iterable[Rule], sender: Sender, compiler: Compiler) -> None:
    """Refuse what reads a header that no event has: it would silently be null."""
    for at, rule in enumerate(rules):
        if rule.when:
            _find_headers(rule.when, sender, ("rules", at, "when"), compiler)
        for template in (rule.send, rule.folded, *rule.recipients):
            for expression in expressions(dict(template)):
                _find_headers(expression, sender, ("rules", at, "send"), compiler)


def _find_headers(expression: Expression, sender: Sender, path: Path, compiler: Compiler) -> None:
    for name in header_names(expression):
        if name is not None and name.lower() not in sender.headers:
            text = f"an event carries no header {name}; name it under headers, in the file"
            compiler.find(path, text)
        elif name is not None and name != name.lower():
            compiler.find(path, f"headers have names in small letters: {name.lower()}")
