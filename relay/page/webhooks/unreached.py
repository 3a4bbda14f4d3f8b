"""Deliveries that Braze accepted and nobody got: a row of the list says so, and why.

The simulated Braze is asked only where something was accepted since the last look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from handler.core.models import Delivery
from relay.page.braze.simulated import NoAnswer, control
from relay.page.context import PageContext
from relay.page.way.reach import is_to
from relay.page.webhooks.delivery_states import DeliveryState
from relay.stacks.ledger import Record

_LAST: Final = 500  # sends: those of a look and what came beside them
States = Mapping[str, DeliveryState]  # by delivery id


async def with_reach(
    context: PageContext, deliveries: Sequence[Delivery], found: States
) -> dict[str, DeliveryState]:
    """Return states with whether what was accepted reached anybody, where that can be known."""
    known = {name: _known(context, name, one) for name, one in found.items()}
    fresh = [one for one in deliveries if one.id in known and known[one.id] is None]
    made = {name: known[name] or one for name, one in found.items()}
    if not fresh or not context.is_simulated:
        return made
    try:
        sends = await control(context, "GET", "/sends", last=str(_LAST))
    except NoAnswer:
        return made
    return made | {one.id: reached(one, found[one.id], sends) for one in fresh}


def _known(context: PageContext, name: str, state: DeliveryState) -> DeliveryState | None:
    """Return what is known of a state already; None where Braze is to be asked."""
    if not state.dispatch_id:
        return state
    before = context.delivery_states.get(name)
    is_same = before is not None and before.dispatch_id == state.dispatch_id
    return before if is_same else None


def reached(delivery: Delivery, state: DeliveryState, sends: Sequence[Record]) -> DeliveryState:
    """Return the state of an accepted delivery, with the reason where it reached nobody."""
    own = [
        one for one in sends if one.get("dispatch_id") == state.dispatch_id and is_to(one, delivery)
    ]
    if not own or any(one["reached"] for one in own):
        return state
    return replace(state, missed=str(own[-1]["because"]))
