"""`redrive --rendered`: renders each letter's event by the present rules, and sends the result."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import typer

from handler.core.errors import Unrenderable
from handler.core.models import Delivery
from relay.console.format import minute
from relay.dead_letters.decision import Decision, redriven
from relay.dead_letters.display import wish
from relay.dead_letters.letter import Letter
from relay.dead_letters.redrive import Redrive, RedriveResult, standing_of
from relay.dead_letters.render import Rendered, Sources, rendered
from relay.rules.yaml_text import differences, say

_SHOWN: Final = 3  # requests shown of one letter; too_many has a hundred and more
Show = Callable[[Letter, Sequence[str]], None]


def _on_terminal(letter: Letter, lines: Sequence[str]) -> None:
    typer.secho(f"{letter.short} {letter.origin} {letter.reason}", bold=True)
    say(lines)


@dataclass(frozen=True, slots=True)
class RenderedRedrive:
    """Renders letters anew, shows the differences, asks, and sends the new requests.

    `show` is given a letter, and the lines in which its request differs.
    """

    sources: Sources
    again: bool
    yes: bool
    show: Show = _on_terminal

    def __call__(self, way: Redrive, letter: Letter) -> RedriveResult:
        """Render one letter anew; return the result."""
        if letter.content is None:
            return RedriveResult(f"{letter.detail}: nothing can be rendered of it")
        try:
            made = rendered(letter.content, self.sources)
        except Unrenderable as error:
            return RedriveResult(str(error))
        if isinstance(letter.content, Delivery):
            return self._delivery(way, letter, letter.content, made.deliveries[0])
        return self._event(way, letter, made)

    def _delivery(
        self, way: Redrive, letter: Letter, old: Delivery, new: Delivery
    ) -> RedriveResult:
        if old.id != new.id and not self.again:
            words = (
                f"its id is another one now ({new.id[:12]}): it may have been sent under the old"
            )
            return RedriveResult(f"{words} one; --again sends it all the same")
        decision = self._decided(way, letter, old, new)
        if decision.delivery is None:
            return RedriveResult(decision.words)
        if not self._agreed(way, letter, [old], [decision.delivery]):
            return RedriveResult("left as it is")
        problem = way.send(letter, decision)
        return RedriveResult(problem or f"{decision.words}, rendered anew", is_sent=not problem)

    def _decided(self, way: Redrive, letter: Letter, old: Delivery, new: Delivery) -> Decision:
        """Return the decision on the new delivery; the ledger must permit its old id too."""
        if old.id != new.id:
            before = standing_of(way, letter, replace(new, id=old.id))
            refused = redriven(before, again=self.again)
            if refused.delivery is None:
                return refused
        return redriven(standing_of(way, letter, new), again=self.again)

    def _event(self, way: Redrive, letter: Letter, made: Rendered) -> RedriveResult:
        deliveries, failures = self._in_time(made)
        why = "; ".join(dict.fromkeys(failures))
        if not deliveries:
            return RedriveResult(why)
        if not self._agreed(way, letter, [], deliveries):
            return RedriveResult("left as it is")
        if problem := way.send_all(deliveries):
            return RedriveResult(problem)
        count = f"{len(deliveries)} deliver{'y' if len(deliveries) == 1 else 'ies'}"
        if failures:  # a second run sends nothing twice: its deliveries have the same ids
            return RedriveResult(f"{count} of it sent, and the letter stays, for: {why}")
        problem = way.delete(letter)
        return RedriveResult(problem or f"{count} sent, rendered anew", is_sent=not problem)

    def _in_time(self, made: Rendered) -> tuple[list[Delivery], list[str]]:
        """Return the deliveries that may be sent, and why the others may not."""
        now, good, failures = time.time(), list[Delivery](), list(made.failures)
        for one in made.deliveries:
            if one.expires_at is None or one.expires_at > now:
                good.append(one)
            elif self.again:
                good.append(replace(one, expires_at=None))
            else:
                failures.append(
                    f"it expired {minute(one.expires_at)}: --again sends it all the same"
                )
        return good, failures

    def _agreed(
        self, way: Redrive, letter: Letter, old: Sequence[Delivery], new: Sequence[Delivery]
    ) -> bool:
        """Show the difference, and ask where there is one; a rehearsal only shows it."""
        before = [wish(one) for one in old]
        after = [wish(one) for one in new[:_SHOWN]]
        if before == after:
            return True
        more = [f"and {len(new) - _SHOWN} more"] if len(new) > _SHOWN else []
        self.show(letter, [*differences(before, after), *more])
        return self.yes or way.rehearsal or way.letter_queue.ask("Send it so?")
