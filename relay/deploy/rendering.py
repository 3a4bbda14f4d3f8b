"""Requests that packages make of all samples and cases: the built one, and the deployed one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handler.core.models import Plan
from handler.core.rules.source import Source
from relay.deploy.package_plans import Job
from relay.paths import EVENTS, RULES
from relay.rules.case_file import CASES, Case, read_cases
from relay.rules.cases.command import CASES_STAGE
from relay.rules.diff.comparison import Change, changes_of
from relay.rules.webhooks import Given, planned, verified
from relay.webhooks.samples import Sample, samples, sources_in

_LOST: Final = ("fails now", "disappears")
_MEND: Final = (
    "  -> mend the rule; if it is meant, write a case that expects it of this sample"
    " (docs/testing-rules.md), then deploy again"
)


@dataclass(frozen=True, slots=True)
class NamedSample:
    """A sample or a case with a name for people, and its source as this checkout has it."""

    name: str
    given: Given
    source: Source
    stage: str
    is_case: bool

    def job(self, stage: str, *, broadcasts: bool) -> Job:
        """Return it for a package that is deployed for a stage."""
        return Job(verified(self.given, self.source), stage, broadcasts)


def webhooks(stage: str, *, broadcasts: bool) -> list[NamedSample]:
    """Return all samples and cases for a stage, and the cases for the stage that they expect."""
    found = []
    for each in dict.fromkeys((stage, CASES_STAGE)):
        loaded = sources_in(RULES, each, broadcasts=broadcasts)
        sources = {name: one for name, one in loaded.items() if isinstance(one, Source)}
        given = {f"{EVENTS.name}/{one.name}.json": Given(one) for one in samples(EVENTS, sources)}
        cases = [one for one in read_cases(CASES) if isinstance(one, Case)]
        named = {f"case {one.name}": one.given for one in cases}
        found += [
            NamedSample(name, one, sources[one.sample.source], each, name in named)
            for name, one in (named if each != stage else given | named).items()
            if one.sample.source in sources
        ]
    return found


def unlike(shown: Sequence[NamedSample], made: Sequence[Plan]) -> Iterator[str]:
    """Yield where a package makes other requests than this checkout. Pure."""
    for one, theirs in zip(shown, made, strict=True):
        here = planned(one.given, one.source)
        for pair in ((here, theirs), (_shadowed(here), _shadowed(theirs))):
            for change in changes_of(one.name, pair, one.source):
                yield f"{_place(change)}: {change.kind} in the package"


def _shadowed(plan: Plan) -> Plan:
    return Plan(0, deliveries=plan.shadow)


def differing(here: Sequence[tuple[NamedSample, Plan]], before: Sequence[Plan]) -> list[Change]:
    """Return the changes from what the deployed package makes to what the new one does. Pure."""
    return [
        change
        for (one, now), then in zip(here, before, strict=True)
        for change in changes_of(one.name, (then, now), one.source)
    ]


def losses(changes: Iterable[Change], shown: Sequence[NamedSample]) -> Iterator[str]:
    """Yield the rules that fail now, or make no request where they did. Pure.

    What a case expects is meant; so is that nothing is sent where the rules file says it: its rule
    is switched off, in shadow, or no longer there. One in shadow that fails makes a dead letter.
    """
    agreed = [_webhook(one.given.sample) for one in shown if one.is_case]
    by_name = {one.name: one for one in shown}
    for change in changes:
        one = by_name[change.webhook]
        is_off = change.kind == "disappears" and _is_off(change.before["rule"], one.source)
        is_meant = is_off or _webhook(one.given.sample) in agreed
        if change.kind in _LOST and not is_meant:
            yield f"{_place(change)} {_what(change)}\n{_MEND}"


def _webhook(sample: Sample) -> tuple[str, Mapping[str, str], object]:
    return sample.source, sample.headers, sample.body


def _is_off(name: str, source: Source) -> bool:
    return not any(one.name == name and one.enabled and not one.shadow for one in source.rules)


def _place(change: Change) -> str:
    name = (change.after or change.before)["rule"]
    return f"{change.webhook}: {change.source}/{name}" if name else f"{change.webhook}:"


def _what(change: Change) -> str:
    if change.kind == "fails now":
        return f"fails now: {change.after['reason']}: {change.after['detail']}"
    why = change.why or "`relay rules explain` shows why"  # told where no other rule matches
    return f"makes no request any more, which the deployed package does: {why}"
