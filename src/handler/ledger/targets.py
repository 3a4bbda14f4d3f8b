"""States of campaigns, shared by all workers: an item of the ledger's table for each.

One worker at a time asks Braze, once in `Timing.campaign` seconds at most, and writes down what
Braze has said. Each worker keeps a copy until Braze is to be asked again.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, get_args

from handler.aws.dynamodb import ItemUpdate, Table, number, number_in, text
from handler.core.braze.campaign import CampaignState
from handler.core.delivery.backoff import Timing
from handler.core.errors import Unavailable
from handler.ledger.breaker_state import KEPT

_MOST: Final = 1_000  # copies; whoever writes into the queue fills no memory
_STATES: Final[Mapping[str, CampaignState]] = {one: one for one in get_args(CampaignState)}


class _Known(NamedTuple):
    """Braze's word on a campaign, and until when it is believed, in epoch seconds."""

    state: CampaignState
    until: int


@dataclass(slots=True)
class Targets:
    """The states of campaigns as one worker knows them, each under `WORKSPACE#CAMPAIGN`.

    A campaign that nothing is known of is `unknown`. Times are in epoch seconds.
    """

    table: Table
    timing: Timing
    _known: dict[str, _Known] = field(default_factory=dict)

    def last(self, target: str) -> CampaignState:
        """Return the last known state, however old it is."""
        known = self._known.get(target)
        return "unknown" if known is None else known.state

    def fresh(self, target: str, now: float) -> CampaignState | None:
        """Return the state that this worker knows and believes; None where it is to be shared."""
        known = self._known.get(target)
        return known.state if known is not None and now < known.until else None

    def share(self, target: str, now: float) -> CampaignState | Literal["ask", "asked"]:
        """Return the state that workers share.

        `ask`: this worker is to ask Braze, and to `tell` the others. `asked`: another one asks at
        this moment, and what is known is too old. Raise Unavailable where the table does not
        answer.
        """
        lasts = self.timing.details + self.timing.margin
        take = ItemUpdate(
            "SET asking = :asking, expires = :expires",
            "(attribute_not_exists(#until) OR #until <= :now) "
            "AND (attribute_not_exists(asking) OR asking <= :now)",
            {
                ":now": number(int(now)),
                ":asking": number(int(now + lasts)),
                ":expires": number(int(now) + KEPT),
            },
        )
        is_taken, item = self.table.update(f"target#{target}", take)
        until = number_in(item, "until") or 0
        self._keep(target, item.get("state", text("unknown"))["S"], until)
        if is_taken:
            return "ask"
        return "asked" if now >= until + self.timing.campaign_late else self.last(target)

    def tell(self, target: str, state: CampaignState | None, now: float) -> CampaignState:
        """Share what Braze has said, and return it; after a failure, None, the last state holds."""
        known = state or self.last(target)
        is_hidden = known == "hidden"
        until = int(now + (self.timing.campaign_hidden if is_hidden else self.timing.campaign))
        self._keep(target, known, until)
        change = ItemUpdate(
            "SET #state = :state, #until = :until REMOVE asking",
            "attribute_exists(pk)",
            {":state": text(known), ":until": number(until)},
        )
        with suppress(Unavailable):  # then another worker asks, once this one's time is over
            self.table.update(f"target#{target}", change)
        return known

    def _keep(self, target: str, state: str, until: int) -> None:
        """Keep a copy; a state of a later release is unknown to this one."""
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[target] = _Known(_STATES.get(state, "unknown"), until)
