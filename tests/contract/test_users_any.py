"""Whatever an event brings: what leaves of it, the simulated Braze takes whole."""

from contextlib import suppress
from typing import Any

import pytest

from handler.core.braze.request import request
from handler.core.errors import RulesError
from relay.simulated_braze.contract.attributes import is_dropped
from tests.contract.bodies import Body
from tests.contract.user_breaches import event, group, holding, profile
from tests.contract.user_sides import passed, refused
from tests.relay.simulated_braze.recommended import EVENTS, PRODUCT

ORDER = EVENTS["order_placed"][0]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 2.5, 1e300, "", " ", "x" * 256, "ü" * 255, "null", "0"),
    *("2026-11-20", "2026-11-20T21:00:00Z", "11/20/2026", "a@example.org", "+4915123456789"),
    *([], {}, [[]], [{}], [None], {"a": None}, {"$time": "x"}, {"inc": 1}, {"$add": [{"a": 1}]}),
    *({"": 1}, {"a.b": 1}, {"$a": 1}, ["2026-11-20"], [1, {"a": 1}], "unsubscribed", "eur"),
    *("29.90", -0.01, "price_drop", ["sold_out"], {"checkout_url": 1}, ["x" * 256]),
]


def check(body: Body) -> None:
    with suppress(RulesError):  # refused at load
        delivery, said = passed(body)
        if delivery is None:
            assert said != ""
            return
        sent: dict[str, Any] = request(delivery)
        assert refused(sent) is None
        for one in sent.get("attributes", []):
            assert not any(is_dropped(name, value, 0) for name, value in one.items())


def order(**properties: Any) -> Body:
    return event(name="ecommerce.order_placed", properties={**ORDER, **properties})


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_an_event_brings_what_leaves_of_it_is_taken_whole(odd: Any) -> None:
    check({**profile(note=odd, email=odd, size={"a": odd}), **holding(a=odd, b={"c": [odd]})})
    check(order(metadata={"a": odd, "order_status_url": odd}, cart_id=odd, discounts=[odd]))
    check(order(products=[{**PRODUCT, "quantity": odd, "metadata": odd}], tax=odd))
    check(event(time=odd))
    check(group(subscription_state=odd))


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whoever_an_event_names_is_named_as_braze_takes_it(odd: Any) -> None:
    for name in ("external_id", "email", "phone", "user_alias"):
        check(profile("external_id", **{name: odd}))
    for kind in ("emails", "phones"):
        check(group("external_ids", **{kind: [odd]}))
    check(group(external_ids=[odd]))
