"""Decision on rules that were saved while they are served: which mistakes keep the old ones.

A mistake that what is served has too, such as a file with a mistake since the start, keeps nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handler.core.errors import RulesError
from handler.core.rules.source import Source
from relay.local.rules_folder import Files, changed, functions
from relay.rules.check.report import Remark


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the rules: its files, its sources or their mistakes, and remarks on both."""

    files: Files
    sources: Mapping[str, Source | RulesError]
    remarks: tuple[Remark, ...] = ()

    @property
    def loaded(self) -> dict[str, Source]:
        """The sources that load."""
        return {name: one for name, one in self.sources.items() if isinstance(one, Source)}


@dataclass(frozen=True, slots=True)
class ReloadDecision:
    """The decision on a version: with `mistakes` nothing is done, else `functions` are renewed.

    `remarks` are warnings and notes. All are those that the version served does not have.
    """

    saved: tuple[str, ...]
    mistakes: tuple[Remark, ...]
    remarks: tuple[Remark, ...]
    gone: tuple[str, ...]
    functions: tuple[str, ...]


def decide(served: Version, new: Version) -> ReloadDecision:
    """Return what is done about a version of the rules that was saved."""
    known = {_about(one) for one in served.remarks}
    fresh = [one for one in dict.fromkeys(new.remarks) if _about(one) not in known]
    saved = changed(served.files, new.files)
    return ReloadDecision(
        saved,
        tuple(one for one in fresh if one.level == "error"),
        tuple(one for one in fresh if one.level != "error"),
        tuple(sorted(served.sources.keys() - new.sources.keys())),
        functions(saved),
    )


def _about(remark: Remark) -> tuple[str, str, str]:
    """Return what a remark says, but for its line, which an edit above it moves."""
    return remark.level, remark.file, remark.message


def refused(decision: ReloadDecision, since: str) -> Iterator[str]:
    """Yield the lines that say what is wrong, and which rules are still served."""
    yield from (one.written() for one in (*decision.remarks, *decision.mistakes))
    yield not_served(since)


def not_served(since: str) -> str:
    """Return the words that end a report of mistakes; `since` is when the rules were served."""
    return f"not served: fix this and save again; the rules of {since} are still served"


def accepted(decision: ReloadDecision) -> Iterator[str]:
    """Yield the lines on a version that will be served, before its changes of requests."""
    yield from (one.written() for one in decision.remarks)
    yield from (
        f"/webhooks/{name} answers 404 now: its rules file is gone" for name in decision.gone
    )
