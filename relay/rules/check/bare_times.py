"""Warnings on times in the place of ids: two events of one second would be one.

Such a rule works as written. `occurred_at` as an identifier does not even load.
"""

import re
from collections.abc import Iterator
from typing import Final

from handler.core.expressions.syntax_tree import paths_of, results, unparse, uses_whole
from handler.core.expressions.template import Problem, Template, Whole, expressions
from handler.core.rules.source import Rule, Source

_NAMED: Final = re.compile(
    r"(?:.*[_-])?(?:at|date|time|timestamp|datetime|created|updated|modified|occurred)"
    r"|\w*[a-z](?:At|Date|Time|Timestamp)",
    re.ASCII,
)
_ALIKE: Final = re.compile(r"(?:source|type|vars|tables)\b")  # no two events differ by them
_ONE_SECOND: Final = "two events of one second"
_PERSON: Final = "write what of the event says who it is, as in ${body.customer.id}"


def bare_times(source: Source) -> Iterator[Problem]:
    """Yield what happens once, ids of events and persons that are times and no more."""
    own = frozenset(unparse(one.tree) for _, one in source.event.times)
    for _, one in source.event.ids:
        if time := _time_alone(Whole(one), own):
            mend = f"write concat(text(body.id), '@', text({time}))"
            yield ("event", "id"), f"{time} is a time, and {_ONE_SECOND} would be one; {mend}"
    for at, rule in enumerate(source.rules):
        for path, text in _of_rule(rule, own):
            yield ("rules", at, *path), text


def _of_rule(rule: Rule, own: frozenset[str]) -> Iterator[Problem]:
    # A broadcast of each day may be meant.
    if not rule.is_broadcast and (time := _time_alone(rule.once, own)):
        mend = f"say what it is the time of, as in ${{body.id}}-${{{time}}}"
        yield ("once",), f"{time} is a time, and {_ONE_SECOND} would be sent once; {mend}"
    for place, given in rule.identifiers:
        if time := _time_alone(given, own):
            yield place, f"{time} is a time, and no person; {_PERSON}"


def _time_alone(template: Template, own: frozenset[str]) -> str | None:
    """Return the time that a template always is, where nothing else in it varies, or None."""
    parts = [result for one in expressions(template) for result in results(one.tree)]
    paths = [[unparse(each) for each in paths_of(one)] for one in parts]
    varying = [[one for one in of_one if not _ALIKE.match(one)] for of_one in paths]
    times = [one for of_one in varying for one in of_one]
    is_bare = all(one in own or _NAMED.fullmatch(one.rpartition(".")[2]) for one in times)
    is_whole = any(uses_whole(one) for one in parts)
    return times[0] if times and is_bare and not is_whole else None
