"""New ids for a sample: what makes its event, and what a rule sends only once, another one."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from pydantic import JsonValue

from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import paths_of, unparse
from handler.core.expressions.template import expressions
from handler.core.models import Event
from handler.core.rules.source import ByType, Rule, Source
from handler.core.verification.schemes import SignedScheme
from relay.rules.webhooks import Given, events, verified
from relay.send.changed_sample import Path, put, steps_of, value_at, written
from relay.webhooks.samples import NOW, Sample

_ID: Final = re.compile(r"(?:^|.*_)(?:id|uuid|guid|token|number|key)|.*(?:Id|ID|Uuid)")
_DIGITS, _SMALL, _HEX = "0123456789", "abcdefghijklmnopqrstuvwxyz", "0123456789abcdef"
_HEXADECIMAL: Final = re.compile(r"[0-9a-f-]{8,}")
# What stands before an id: evt_..., gid://shopify/Order/..., #1042.
_BEFORE: Final = re.compile(r".*[_/:#]", re.DOTALL)
_LETTERS: Final = 24  # of a new id in a header
_MOST_DIGITS: Final = len(str(2**63 - 1)) - 1  # that surely fit the 64 bits that ingest takes
Choose = Callable[[Sequence[str]], str]  # as `secrets.choice`


class NoNewId(Exception):
    """A sample that cannot be made new; the text says which field must be set."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A sample with new ids, and what was changed, in words."""

    sample: Sample
    changes: tuple[str, ...]


def renewed(sample: Sample, source: Source, choose: Choose) -> Renewed:
    """Return the sample as a new event, and as something that no rule has sent yet.

    New are the field that `event.id` reads, a signed id in a header, and the field that each rule's
    `once` reads; of several the one that is called an id. Raise NoNewId where none of them is
    plain, or none is in the sample.
    """
    before = sample
    paths: list[Path] = []
    for at, event in enumerate(events(verified(Given(sample), source), source)):
        paths += _of_event(sample, source, event, at)
    for path in dict.fromkeys(paths):
        sample = put(sample, path, fresh(value_at(sample, path), choose))
    sample = _with_header(sample, source, choose)
    changed = dict.fromkeys([*paths, *_header_paths(before, sample)])
    if not changed:
        raise NoNewId(_why_not(source))
    return Renewed(sample, tuple(_words(before, sample, one) for one in changed))


def fresh(value: JsonValue, choose: Choose) -> JsonValue:
    """Return another value of the same form: a number of as many digits, text with its beginning.

    A number has 18 digits at most; a value of another kind is returned as it is.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    if isinstance(value, str):
        return _other_text(value, choose)
    new = value
    while new == value:
        size = min(len(str(abs(int(value)))), _MOST_DIGITS)
        new = int("".join([choose(_DIGITS[1:]), *(choose(_DIGITS) for _ in range(size - 1))]))
    return new


def _other_text(text: str, choose: Choose) -> str:
    before = _BEFORE.match(text)
    start = before.end() if before and before.end() < len(text) else 0
    rest = text[start:]
    is_hex = bool(_HEXADECIMAL.fullmatch(rest))
    if not any(letter.isascii() and letter.isalnum() for letter in rest):
        return f"{text}{choose(_DIGITS[1:])}"
    new = rest
    while new == rest:
        new = "".join(_other(letter, choose, is_hex=is_hex) for letter in rest)
    return text[:start] + new


def _other(letter: str, choose: Choose, *, is_hex: bool) -> str:
    if not letter.isascii() or not letter.isalnum():
        return letter
    if is_hex:
        return choose(_HEX)
    if letter.isdigit():  # no zero in front of a number that has none
        return choose(_DIGITS if letter == "0" else _DIGITS[1:])
    return choose(_SMALL) if letter.islower() else choose(_SMALL.upper())


def _of_event(sample: Sample, source: Source, event: Event, at: int) -> Iterator[Path]:
    """Yield the paths in a sample to renew for one of its events."""
    base = _base(source, at)
    if base is None:
        return
    times = {*_plain(_by_type(source.event.times, event.type))}
    rules = [rule for rule in source.rules_of(event.type) if rule.enabled]
    persons = {path for rule in rules for path in _plain(_identifiers(rule))}
    found = [path for path in _plain(_by_type(source.event.ids, event.type)) if path not in times]
    for wanted in (found, *(_of_once(rule) for rule in rules)):
        there = [one for one in wanted if _is_id(value_at(sample, _in(base, one)))]
        if one := _best(there, persons):
            yield _in(base, one)
    for one in _plain(_by_type(source.event.references, event.type)):
        if one not in persons and _is_id(value_at(sample, _in(base, one))):
            yield _in(base, one)
            return


def _of_once(rule: Rule) -> list[Path]:
    return list(_plain(expressions(rule.once)))


def _best(paths: Sequence[Path], persons: set[Path]) -> Path | None:
    """Return the path to renew: one called an id, and no person's where there is another."""
    others = [one for one in paths if one not in persons] or list(paths)
    named = [one for one in others if _ID.fullmatch(str(one[-1]))]
    return next(iter(named or others), None)


def _is_id(value: JsonValue) -> bool:
    is_text = isinstance(value, str) and value.strip() not in ("", NOW)
    return is_text or (isinstance(value, int | float) and not isinstance(value, bool))


def _base(source: Source, at: int) -> Path | None:
    """Return the path of an event in its webhook; None where it is no plain one."""
    if source.event.events is None:
        return ("body",)
    text = source.event.events.text
    steps = ("body",) if text == "body" else steps_of(text)
    return None if steps is None else (*steps, at)


def _in(base: Path, path: Path) -> Path:
    """Return a path of an event as one of its webhook."""
    return (*base, *path[1:]) if path[0] == "body" else path


def _identifiers(rule: Rule) -> Iterator[Expression]:
    for _, identifier in rule.identifiers:
        yield from expressions(identifier)


def _by_type(choices: ByType, kind: str) -> list[Expression]:
    return [one for glob, one in choices if fnmatchcase(kind, glob)][:1]


def _plain(found: Iterable[Expression]) -> Iterator[Path]:
    """Yield the plain paths into body and headers that expressions read."""
    for expression in found:
        for node in paths_of(expression.tree):
            path = steps_of(unparse(node))
            if path and path[0] in ("body", "headers"):
                yield path


def _with_header(sample: Sample, source: Source, choose: Choose) -> Sample:
    """Return the sample with a new signed id in its header, where its sender signs one."""
    if not (isinstance(source.scheme, SignedScheme) and source.scheme.id_header):
        return sample
    new = "msg_" + "".join(choose(_DIGITS + _SMALL) for _ in range(_LETTERS))
    return put(sample, ("headers", source.scheme.id_header), new)


def _header_paths(before: Sample, after: Sample) -> list[Path]:
    old = {name.lower(): one for name, one in before.headers.items()}
    return [("headers", name) for name, one in after.headers.items() if old.get(name) != one]


def _words(before: Sample, after: Sample, path: Path) -> str:
    old, new = value_at(before, path), value_at(after, path)
    return f"{written(path)}: {new}" if old is None else f"{written(path)}: {old} -> {new}"


def _why_not(source: Source) -> str:
    reads = [one.text for _, one in source.event.ids]
    if not reads:
        return (
            f"the id of an event of {source.name} is the digest of its body: change any field of it"
            " with --set body.FIELD=VALUE"
        )
    return (
        f"--new cannot tell which field is the id: event.id of {source.name} reads"
        f" {' or '.join(dict.fromkeys(reads))}; give that with --set PATH=VALUE"
    )
