"""Rules of a running local stack: what is saved is checked, compared, and served at once.

What runs is a new package, as a deployment makes it. Queue, ledger and Braze are left as they are.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from builder.errors import BuildFailed
from handler.core.errors import RulesError
from handler.core.rules.source import Source
from relay.console.format import clock
from relay.local.package import package
from relay.local.reload import Version, accepted, decide, not_served, refused
from relay.local.rules_folder import Files, Folder, Settling
from relay.local.stack import Local, Secrets, put_secrets, renew
from relay.local.startup_notes import missing_secrets
from relay.paths import EVENTS, PROJECT
from relay.rules.case_file import CASES, Case, read_cases
from relay.rules.check.command import Failure, failures
from relay.rules.check.report import Remark, at_rule, examine
from relay.rules.diff.comparison import compare
from relay.rules.diff.differences import differences
from relay.rules.diff.display import brief
from relay.rules.webhooks import Given
from relay.webhooks.samples import Sample, read_all, sample_secrets, sources_in

_EVERY_SECONDS: Final = 0.2
Sources = Mapping[str, Source | RulesError]


@dataclass(slots=True)
class LiveRules:
    """The rules that a stack serves; `secrets` are None where those of the samples sign.

    `refusal` is why what was saved last is not served; empty where it is.
    """

    stack: Local
    folder: Folder
    stage: str
    secrets: Secrets | None
    say: Callable[[str], None]
    served: Version
    settling: Settling = field(init=False)
    since: float = field(default_factory=time.time)
    refusal: tuple[Remark, ...] = ()

    def __post_init__(self) -> None:
        """Begin with what is served."""
        self.settling = Settling(self.served.files, self.served.files)

    def watch(self) -> NoReturn:
        """Serve what is saved, until an interrupt."""
        self.begin()
        while True:
            self.look()
            time.sleep(_EVERY_SECONDS)

    def begin(self) -> None:
        """Note the mistakes in what is served from the start: they keep nothing from it."""
        with suppress(RulesError):  # the files have gone since: the first look says so
            found = version(self.folder.path, self.stage, self.served.files, None)
            if self.folder.look() == found.files:
                self.served = found

    def look(self) -> None:
        """Look at the folder once; serve what was saved, where it has no mistake."""
        files = self.folder.look()
        if not self.settling.is_due(files):
            return
        began, self.refusal = time.monotonic(), ()
        if files == self.served.files:
            self.say(f"the rules are again as they are served, since {clock(self.since)}")
            return
        try:
            for line in self._reload(files, began):
                self.say(line)
        except (RulesError, BuildFailed, ClientError, BotoCoreError, OSError) as error:
            if self.folder.look() == files:
                self.refusal = (Remark("error", str(error)),)
                self.say(f"{error}\n{not_served(clock(self.since))}")
            else:  # a file has gone while it was read
                self._decide_again()

    def _reload(self, files: Files, began: float) -> Iterator[str]:
        new = version(self.folder.path, self.stage, files, self.served)
        decision = decide(self.served, new)
        names = () if decision.mistakes else decision.functions
        made = {name: package(name, self.folder.path) for name in names}
        if self.folder.look() != files:  # what was read may be of two states: the last one counts
            self._decide_again()
        elif decision.mistakes:
            self.refusal = decision.mistakes
            yield from refused(decision, clock(self.since))
        else:
            yield from accepted(decision)
            yield from _changes(self.served.loaded, new.loaded)
            yield from self._serve(new, made)
            seconds = time.monotonic() - began
            yield f"served after {seconds:.1f} s: {', '.join(decision.saved)}"

    def _decide_again(self) -> None:
        self.settling.decided = self.served.files

    def _serve(self, new: Version, made: Mapping[str, bytes]) -> Iterator[str]:
        """Serve a version by these packages; new sources and workspaces have secrets before."""
        own, before = sample_secrets(new.sources), sample_secrets(self.served.sources)
        given = own if self.secrets is None else self.secrets
        put_secrets(self.stack.stack, given, self.folder.path)
        for name, content in made.items():
            renew(self.stack.stack, name, content)
        if self.secrets is None:
            new_names = sorted(own.keys() - before.keys())
            yield from (f"signing secret of {name}: {own[name]}" for name in new_names)
        known = [*missing_secrets(self.served.sources, given)]
        yield from (one for one in missing_secrets(new.sources, given) if one not in known)
        self.served, self.since = new, time.time()


def version(rules: Path, stage: str, files: Files, served: Version | None) -> Version:
    """Return the version of the rules in a folder, with the remarks of the check.

    A sample that a rule of what is `served` cannot render either is no mistake of this version.
    Raise RulesError where there is no rules file.
    """
    sources = sources_in(rules, stage)
    webhooks, wrong = read_all(EVENTS)
    own = [one for one in webhooks if one.source in sources]
    remarks = [Remark("warning", f"{text}: it is left out") for text in wrong]
    remarks += examine(rules, stage, own)
    known = [] if served is None else [*_failures(served.sources, own)]
    failing = [one for one in _failures(sources, own) if one not in known]
    remarks += [
        at_rule(rules, *one.rule, one.text) if one.rule else Remark("error", one.text)
        for one in failing
    ]
    return Version(files, sources, tuple(remarks))


def _failures(sources: Sources, webhooks: list[Sample]) -> Iterator[Failure]:
    for one in webhooks:
        source = sources.get(one.source)
        if isinstance(source, Source):
            yield from failures(one, source)


def _changes(before: Mapping[str, Source], after: Mapping[str, Source]) -> Iterator[str]:
    """Yield the changes of the requests that samples and cases make."""
    webhooks = {f"events/{one.name}.json": Given(one) for one in read_all(EVENTS)[0]}
    cases = [one for one in read_cases(CASES, PROJECT) if isinstance(one, Case)]
    webhooks |= {f"case {one.name}": one.given for one in cases}
    found = compare(before, after, webhooks)
    yield from brief(found, differences(found.changes))
