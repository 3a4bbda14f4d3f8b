"""Closed lists of Braze's pages, written down on each side apart: they are the same."""

import pytest

from handler.core.braze.contract import currencies, ecommerce, events, subscription, user_objects
from handler.core.braze.endpoints import MAX_GROUPS, SUBSCRIBE, TRACK, Endpoint
from relay.simulated_braze.contract import currencies as their_currencies
from relay.simulated_braze.contract import ecommerce as their_ecommerce
from relay.simulated_braze.contract import identifiers, track
from relay.simulated_braze.contract import subscription as their_subscription
from relay.simulated_braze.contract.endpoints import DATA

# A cart's value is needed unless its action adds or removes.
AT_TIMES = {("ecommerce.cart_updated", "total_value")}
# Codes of metals, of special drawing rights and the like, and of tests: nobody pays in them.
UNPAID = {
    *("XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"),
}


def test_the_recommended_events_are_the_same_on_both_sides() -> None:
    assert ecommerce.EVENTS.keys() == their_ecommerce.SCHEMAS.keys()


@pytest.mark.parametrize("name", ecommerce.EVENTS)
def test_a_recommended_event_has_the_same_properties_on_both_sides(name: str) -> None:
    ours, theirs = ecommerce.EVENTS[name], their_ecommerce.SCHEMAS[name]
    at_times = {field for event, field in AT_TIMES if event == name}
    assert ours.all.keys() == theirs.required | theirs.optional
    assert ours.needed.keys() - at_times == theirs.required - at_times


def test_a_product_has_the_same_properties_on_both_sides() -> None:
    assert ecommerce.PRODUCT.needed.keys() == their_ecommerce.PRODUCT.required
    assert ecommerce.PRODUCT.others.keys() == their_ecommerce.PRODUCT.optional


def test_events_groups_and_identifiers_have_the_same_keys_on_both_sides() -> None:
    assert set(events.KEYS) == track.EVENT.keys()
    assert set(subscription.KEYS) == their_subscription.KEYS.keys()
    assert user_objects.PRIMARY == identifiers.PRIMARY
    assert user_objects.SECONDARY == identifiers.SECONDARY


def test_whoever_pays_does_so_in_a_currency_that_both_sides_know() -> None:
    assert currencies.CURRENCIES == their_currencies.CURRENCIES - UNPAID


@pytest.mark.parametrize("at, most", [(TRACK, track.MAX_OBJECTS), (SUBSCRIBE, MAX_GROUPS)])
def test_an_endpoint_has_the_same_permission_limit_and_arrays_on_both_sides(
    at: Endpoint, most: int
) -> None:
    theirs = DATA[at.path]
    assert (at.permission, at.rate, at.most) == (theirs.permission, theirs.rate, most)
    # Purchases are the legacy thing: the relay sends none.
    assert at.arrays == tuple(name for name in theirs.arrays if name != "purchases")
    assert their_subscription.MAX_USERS == MAX_GROUPS
