"""Warnings on rules that write the same, while nothing orders what they write.

Versions are compared under one guard and for one user, and a user is known by what names them: the
same person is another user by e-mail address than by id.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from handler.core.braze.identifiers import CONSENT
from handler.core.configuration.yaml12 import Document, Path
from handler.core.expressions.template import Problem, Template
from handler.core.rules.source import Rule, Source
from handler.core.rules.users import profiles

_GROUPS: Final = "subscription_groups"
_GROUP: Final = "subscription_group_id"
_STATE: Final = "subscription_state"
_EXAMPLE: Final = "consent"
_GUARD: Final = (
    "{above}, in line {line}, writes the same consent, and nothing orders the two: an older choice"
    " that comes late would undo a newer one; write guard: {guard} in both"
)
_USER: Final = (
    "{above}, in line {line}, writes the same, and names its user by {theirs}, while this rule does"
    " by {own}: nothing orders the two, and what is older could undo what is newer; name the user"
    " alike in both, under one guard"
)
# The singular of what names a user, as the relay compares it.
_CALLED: Final = {
    **dict.fromkeys(("external_id", "external_ids"), "external_user_id"),
    "emails": "email",
    "phones": "phone",
}

_Written = dict[str, Template]


def unordered_pairs(source: Source, document: Document) -> Iterator[Problem]:
    """Yield the rules that nothing orders with a rule above them, which writes the same.

    Of one rule each mistake is told once.
    """
    rules = [(at, rule, _consent(rule)) for at, rule in enumerate(source.rules) if rule.enabled]
    told: set[Path] = set()
    for (first, above, theirs), (at, rule, own) in combinations(rules, 2):
        is_as_before = above.kind == rule.kind == "send"
        if is_as_before or above.workspace != rule.workspace:
            continue
        if _shares_guard(above, rule) or _differs(theirs, own):
            line = document.finding(("rules", first, "name"), "").line
            for inner, text in _unordered(above, rule, line):
                path: Path = ("rules", at, *inner)
                yield from [] if path in told else [(path, text)]
                told.add(path)


def _unordered(above: Rule, rule: Rule, line: int) -> Iterator[Problem]:
    """Yield why nothing orders two rules that write the same, with the path in the second."""
    theirs, own = _named_by(above), _named_by(rule)
    if theirs and own and theirs.keys().isdisjoint(own):
        path = next(iter(own.values()))
        names = {"theirs": _key(next(iter(theirs.values()))), "own": _key(path)}
        yield path, _USER.format(above=above.name, line=line, **names)
    elif not _shares_guard(above, rule):
        guard = next((one.guard for one in (above, rule) if _has_guard(one)), _EXAMPLE)
        yield ("name",), _GUARD.format(above=above.name, line=line, guard=guard)


def _has_guard(rule: Rule) -> bool:
    return rule.guard not in (None, rule.name)


def _shares_guard(above: Rule, rule: Rule) -> bool:
    return (above.guard or above.name) == (rule.guard or rule.name)


def _named_by(rule: Rule) -> dict[str, Path]:
    """Return what names the users of a rule, each with its path in the rule."""
    found: dict[str, Path] = {}
    for path, _ in rule.identifiers:
        key = _key(path)
        found.setdefault(_CALLED.get(key, key), path)
    return found


def _key(path: Path) -> str:
    return next((one for one in reversed(path) if isinstance(one, str)), "")


def _consent(rule: Rule) -> _Written:
    """Return the states that a rule writes, by what they are the state of."""
    found: _Written = {}
    for _, template in rule.bodies:
        if rule.kind == "subscribe":
            found |= _states(template.get(_GROUPS))
        for _, attributes in profiles(template, rule.kind) if rule.kind != "subscribe" else ():
            given = {name: attributes[name] for name in CONSENT if name in attributes}
            found |= _states(given.pop(_GROUPS, None)) | given
    return found


def _states(groups: Template) -> _Written:
    listed = [one for one in (groups if isinstance(groups, list) else ()) if isinstance(one, dict)]
    return {str(one[_GROUP]).lower(): one.get(_STATE) for one in listed if _GROUP in one}


def _differs(theirs: _Written, own: _Written) -> bool:
    """Return whether two rules write the state of one thing, and perhaps not the same."""
    both = theirs.keys() & own.keys()
    return any(
        not (isinstance(theirs[one], str | bool) and theirs[one] == own[one]) for one in both
    )
