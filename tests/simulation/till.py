"""The simulated till: orders that are counted, and what customers say of themselves.

By hand, what each of its webhooks has to come to in Braze: events of the orders, their
cancellations and refunds under either policy, attributes, points, and choices of consent. Orders
and customers are numbered by their webhooks, choices by their persons.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from tests.simulation.objects import CONSENT, Key, Parts, person_of, spelled
from tests.simulation.shop import BAD, POISON, TILL, Draft, Webhook, Wish, id_of, sealed

GROUP: Final = "8f0c2b9e-54d1-4b7a-9c3e-6a1d20e7f845"
# Topics, and how often they come.
TOPICS: Final = {
    "orders/create": 40, "orders/paid": 6, "orders/cancelled": 8, "orders/updated": 14,
    "customers/update": 8, "customers/points": 8, "customers/consent": 16,
}  # fmt: skip
HALF: Final = "half-"  # so begins who Braze refuses events of, and takes attributes
NONE: Final = "none-"  # and who it takes nothing of
DELAY: Final = 300  # seconds of the rule `bonus`
_WANTS: Final = ("opted_in", "subscribed", "unsubscribed")
_POLICIES: Final = ("retry", "hold")
_REFUNDS: Final = "ABC"  # of one order at most
_CHOICES: Final = 22  # of one person: the letters of an address
_EARLY: Final = 8  # seconds that an update may be sent after what it is about, or before
_LATE: Final = 20  # seconds that a change may be late
_UNLIKED: Final = 17  # persons of whom Braze refuses every other choice


def refuses(array: str, each: Mapping[str, Any]) -> str:
    """Return why Braze refuses an object; "" for what it takes."""
    if array == "subscription_groups":
        person, nth = person_of(each["emails"][0])
        return "BAD_SUBSCRIPTION_GROUP_ID" if _is_unliked(person, int(nth)) else ""
    user = str(each["external_id"])
    is_refused = user.startswith(NONE) or (user.startswith(HALF) and array == "events")
    return "BLACKLISTED_EXTERNAL_USER_ID" if is_refused else ""


def _is_unliked(person: int, nth: int) -> bool:
    return person % _UNLIKED == 1 and nth % 2 == 1


@dataclass(slots=True)
class _Books:
    """What the till has written so far: orders, those cancelled, and the choices of persons."""

    random: Random
    count: int
    orders: list[dict[str, Any]] = field(default_factory=list)
    choices: dict[int, int] = field(default_factory=dict)

    def user(self, number: int) -> str:
        chance = self.random.random()
        for prefix, below in ((BAD, 0.004), (HALF, 0.012), (NONE, 0.016), (POISON, 0.017)):
            if chance < below:
                return f"{prefix}{number}"
        return f"t{self.random.randrange(max(8, self.count // 8))}"


def webhooks(random: Random, count: int, start: float, rate: float) -> Iterator[Webhook]:
    """Yield webhooks, `rate` a second, those of a few forged or broken."""
    books = _Books(random, count)
    topics, weights = [*TOPICS], [*TOPICS.values()]
    at = start
    for number in range(1, count + 1):
        at += random.expovariate(rate)
        (topic,) = random.choices(topics, weights)
        topic, document = _MAKING[topic](books, number, at)
        wishes = tuple(_WISHES[topic](document))
        yield sealed(random, Draft(at, number, topic, document, wishes, TILL, _LATE))


def few(_random: Random, _count: int, start: float, _rate: float) -> Iterator[Webhook]:
    """Yield six webhooks, the same each time: an order under either policy, a refund, a change,
    and two choices of one person, the newer one first.
    """
    hold = _written(1, "t1", start, 700)
    refund = {"seat": "A", "cents": 100, "total": 1.0, "created_at": _time(start)}
    change = {"id": 4, "customer": "c1", "version": 4, "points": 7, "created_at": _time(start)}
    made = (
        ("orders/create", hold),
        ("orders/create", _written(2, f"{HALF}2", start, 900)),
        ("orders/updated", {**hold, "refunds": [refund]}),
        ("customers/points", change),
        ("customers/consent", _said(6, (2, 2), "unsubscribed", start)),
        ("customers/consent", _said(5, (2, 1), "subscribed", start)),
    )
    random = Random(1)  # noqa: S311 - none of its first draws is a forgery
    for number, (topic, document) in enumerate(made, 1):
        wishes = tuple(_WISHES[topic](document))
        yield sealed(random, Draft(start + number / 100, number, topic, document, wishes, TILL))


def _order(books: _Books, number: int, at: float) -> tuple[str, dict[str, Any]]:
    order = _written(number, books.user(number), at, books.random.randrange(100, 20_000))
    books.orders.append(order)
    return "orders/create", {**order}


def _written(number: int, user: str, at: float, cents: int) -> dict[str, Any]:
    return {
        "id": number,
        "customer": user,
        "email": f"canary-{number}@canary.example.org",
        "cents": cents,
        "total": cents / 100,
        "policy": _POLICIES[number % 2],
        "created_at": _time(at),
        "refunds": [],
    }


def _paid(books: _Books, number: int, at: float) -> tuple[str, dict[str, Any]]:
    order = {"id": number, "customer": books.user(number), "created_at": _time(at)}
    return "orders/paid", order


def _cancelled(books: _Books, number: int, at: float) -> tuple[str, dict[str, Any]]:
    found = _some(books, lambda order: "cancelled_at" not in order)
    if found is None:
        return _order(books, number, at)
    found["cancelled_at"] = _time(at)
    return "orders/cancelled", {**found}


def _refunded(books: _Books, number: int, at: float) -> tuple[str, dict[str, Any]]:
    """Refund a part of an order; its webhook has the refunds before, too."""
    found = _some(books, lambda order: len(order["refunds"]) < len(_REFUNDS))
    if found is None:
        return _order(books, number, at)
    cents = books.random.randrange(1, 1 + found["cents"] // 4)
    seat = _REFUNDS[len(found["refunds"])]
    refund = {"seat": seat, "cents": cents, "total": cents / 100, "created_at": _time(at)}
    found["refunds"] = [*found["refunds"], refund]
    return "orders/updated", {**found}


def _some(books: _Books, is_fit: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """Return one of the last orders for which that can happen."""
    fit = [order for order in books.orders[-60:] if is_fit(order)]
    return books.random.choice(fit) if fit else None


def _change(topic: str) -> Callable[[_Books, int, float], tuple[str, dict[str, Any]]]:
    def changed(books: _Books, number: int, at: float) -> tuple[str, dict[str, Any]]:
        user = f"c{books.random.randrange(max(4, books.count // 50))}"
        points = books.random.randrange(1_000)
        wants = _WANTS[number % 3]
        document = {"id": number, "customer": user, "version": number, "points": points}
        document["wants"] = wants
        return topic, {**document, "created_at": _time(at), "first_name": f"Canary {number}"}

    return changed


def _consent(books: _Books, number: int, at: float) -> tuple[str, dict[str, Any]]:
    person = books.random.randrange(max(6, books.count // 25))
    while (nth := books.choices.get(person, 0) + 1) > _CHOICES:
        person += 1
    books.choices[person] = nth
    state = books.random.choice(["subscribed", "unsubscribed"])
    return "customers/consent", _said(number, (person, nth), state, at)


def _said(number: int, choice: tuple[int, int], state: str, at: float) -> dict[str, Any]:
    person, nth = choice
    said = {"person": person, "nth": nth, "email": spelled(person, nth), "state": state}
    return {"id": number, "version": number, "created_at": _time(at), **said}


def _time(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat()


_MAKING: Final = {
    "orders/create": _order,
    "orders/paid": _paid,
    "orders/cancelled": _cancelled,
    "orders/updated": _refunded,
    "customers/update": _change("customers/update"),
    "customers/points": _change("customers/points"),
    "customers/consent": _consent,
}


def _tag(key: Key) -> str:
    return "/".join(str(part) for part in key if part != "")


def _wish(key: Key, user: str, parts: Parts, **more: Any) -> Wish:
    refused = any(refuses(array, each) for array, found in parts.items() for each in found)
    given = {"hold": False, "version": None, **more}
    return Wish(key, id_of(key), user, parts, refused=refused, **given)


def _event(key: Key, user: str, name: str, time: str, properties: dict[str, Any]) -> dict[str, Any]:
    own = {"name": name, "time": time, "_update_existing_only": False}
    return {"external_id": user, **own, "properties": {**properties, "metadata": {"of": _tag(key)}}}


def _sum(order: Mapping[str, Any], total: float, product: str) -> dict[str, Any]:
    line = {"product_id": product, "product_name": product, "variant_id": product}
    return {
        "order_id": str(order["id"]),
        "total_value": total,
        "currency": "USD",
        "source": TILL,
        "products": [{**line, "quantity": 1, "price": total}],
    }


def _of_order(order: dict[str, Any]) -> Iterator[Wish]:
    key, user, hold = _key("placed", order), order["customer"], order["policy"] == "hold"
    event = _event(
        key, user, "ecommerce.order_placed", order["created_at"], _sum(order, order["total"], "all")
    )
    about = {"external_id": user, "_update_existing_only": False, "of": _tag(key)}
    yield _wish(key, user, {"attributes": [about], "events": [event]}, hold=hold)
    thanks = ("thanks", order["id"], "")
    sent = {"external_user_id": user, "send_to_existing_only": False}
    sent["attributes"] = {"email": order["email"]}
    sent["trigger_properties"] = {"number": order["id"]}
    yield Wish(thanks, id_of(thanks), user, sent, hold=False, version=None)


def _of_payment(order: dict[str, Any]) -> Iterator[Wish]:
    key, user = ("bonus", order["id"], ""), order["customer"]
    about = {"external_id": user, "_update_existing_only": False}
    yield _wish(
        key, user, {"attributes": [{**about, "of": _tag(key), "bonus": {"inc": 1}}]}, hold=True
    )


def _of_cancellation(order: dict[str, Any]) -> Iterator[Wish]:
    key, user = _key("cancelled", order), order["customer"]
    said = {**_sum(order, order["total"], "all"), "cancel_reason": "other"}
    event = _event(key, user, "ecommerce.order_cancelled", order["cancelled_at"], said)
    yield _wish(key, user, {"events": [event]}, hold=order["policy"] == "hold")


def _of_refunds(order: dict[str, Any]) -> Iterator[Wish]:
    user = order["customer"]
    for refund in order["refunds"]:
        key = _key("refunded", order, refund["seat"])
        said = _sum(order, refund["total"], refund["seat"])
        event = _event(key, user, "ecommerce.order_refunded", refund["created_at"], said)
        yield _wish(key, user, {"events": [event]}, hold=order["policy"] == "hold")


def _key(rule: str, order: Mapping[str, Any], seat: str = "") -> Key:
    return f"{rule}-{order['policy']}", order["id"], seat


def _of_customer(document: dict[str, Any]) -> Iterator[Wish]:
    key, user = ("customer", document["id"], ""), document["customer"]
    about = {"external_id": user, "_update_existing_only": False, "of": _tag(key)}
    said = {"first_name": document["first_name"], "email_subscribe": document["wants"]}
    parts = {"attributes": [{**about, **said}]}
    yield _wish(key, user, parts, version=document["version"], guard="customer")


def _of_points(document: dict[str, Any]) -> Iterator[Wish]:
    key, user = ("points", document["id"], ""), document["customer"]
    who = {"external_id": user, "_update_existing_only": False}
    about = {**who, "of": _tag(key), "points": document["points"]}
    event = {**who, "name": "points_changed", "time": document["created_at"]}
    parts = {"attributes": [about], "events": [{**event, "properties": {"of": _tag(key)}}]}
    yield _wish(key, user, parts, version=document["version"], guard="customer")


def _of_choice(document: dict[str, Any]) -> Iterator[Wish]:
    key, address = (CONSENT, document["person"], str(document["nth"])), document["email"]
    said = {"subscription_group_id": GROUP, "subscription_state": document["state"]}
    parts = {"subscription_groups": [{**said, "emails": [address]}]}
    yield _wish(key, address.lower(), parts, version=document["version"], guard=CONSENT)


_WISHES: Final[Mapping[str, Callable[[dict[str, Any]], Iterator[Wish]]]] = {
    "orders/create": _of_order,
    "orders/paid": _of_payment,
    "orders/cancelled": _of_cancellation,
    "orders/updated": _of_refunds,
    "customers/update": _of_customer,
    "customers/points": _of_points,
    "customers/consent": _of_choice,
}
