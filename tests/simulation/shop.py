"""The simulated shop: its webhooks, and by hand what each of them has to come to in Braze."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any, Final

from handler.core.planning.delivery_id import delivery_id
from tests.simulation.objects import Key

SOURCE: Final = "shop"
TILL: Final = "till"  # the source of `till.py`
SECRET: Final = "canary-signing-secret"
CAMPAIGNS: Final = {
    "417220e4-5a2a-b634-7f7d-9ec891532368": "confirm",
    "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55": "receipt",
    "2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864": "shipped",
    "5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24": "profile",
    "c27b64d8-0e15-4f3a-b9c8-72a1d5e6f083": "ticket",
    "e4b1f7a2-6c3d-4d58-9a06-3f8c2b7d1e95": "seat",
    "0b7d3c52-41ae-4f8e-8c66-e29f5a1d7b40": "thanks",
}
# Topics, and how often they come; of the last no rule wants anything.
_TOPICS: Final = {
    "orders/create": 60, "orders/paid": 15, "orders/fulfilled": 5, "customers/update": 10,
    "orders/cancelled": 5, "carts/update": 5, "orders/edited": 3,
}  # fmt: skip
_RULES: Final = {
    "orders/create": "confirm", "orders/paid": "receipt", "orders/fulfilled": "shipped",
    "customers/update": "profile", "orders/cancelled": "ticket", "orders/edited": "seat",
}  # fmt: skip
_USERS: Final = 50  # whose profiles are updated again and again
BAD: Final = "bad-"  # so begins who Braze refuses
POISON: Final = "poison-"  # and who is the end of every worker that sends it
_DISORDER: Final = 20  # seconds that an update may be late

State = tuple[Any, ...]  # of a generator of random numbers


@dataclass(frozen=True, slots=True)
class Wish:
    """One delivery that a webhook stands for; `version` orders those of one user.

    So it does those of several rules with one `guard`. `refused`: Braze refuses a part of it.
    """

    key: Key
    id: str
    user: str
    recipient: dict[str, Any]
    hold: bool
    version: int | None
    guard: str = ""
    refused: bool = False

    @property
    def may_be_buried(self) -> frozenset[str]:
        """The reasons for which it may end as a dead letter."""
        if self.user.startswith(BAD):
            return frozenset({"rejected", "unknown", "notice"})
        if self.user.startswith(POISON):
            return frozenset({"worker_lost", "unknown", "horizon"})
        reasons = {"notice", *(["unknown"] if self.hold else []), *(["rejected"] * self.refused)}
        return frozenset(reasons)

    @property
    def never_sent(self) -> bool:
        """Whether it cannot arrive."""
        return self.user.startswith((BAD, POISON))


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook of the shop; `answer` is what a sender is told in the end: 200, 400 or 401."""

    at: float
    number: int
    topic: str
    body: bytes
    signature: str
    answer: int
    wishes: tuple[Wish, ...]
    source: str = SOURCE

    def request(self) -> dict[str, Any]:
        """Return the HTTP API event (API Gateway, payload format 2.0)."""
        return {
            "version": "2.0",
            "routeKey": "ANY /webhooks/{source+}",
            "rawPath": f"/webhooks/{self.source}",
            "rawQueryString": "",
            "headers": {
                "content-type": "application/json",
                "host": "relay.example.org",
                "x-shopify-hmac-sha256": self.signature,
                "x-shopify-topic": self.topic,
            },
            "pathParameters": {"source": self.source},
            "requestContext": {"http": {"method": "POST", "path": f"/webhooks/{self.source}"}},
            "body": self.body.decode(),
            "isBase64Encoded": False,
        }


def id_of(key: Key) -> str:
    """Return the delivery id: each rule's `once` is all that tells its deliveries apart."""
    rule, number, seat = key
    source = SOURCE if rule in _RULES.values() else TILL
    return delivery_id(source, rule, f"{number}/{seat}" if seat else str(number), "")


def is_bad(body: dict[str, Any]) -> bool:
    """Return whether Braze refuses a request, because of one of its recipients."""
    return _has(body, BAD)


def is_poison(body: dict[str, Any]) -> bool:
    """Return whether a request kills the worker that makes it, because of a recipient."""
    return _has(body, POISON)


def _has(body: dict[str, Any], prefix: str) -> bool:
    named = [*(body.get("recipients") or [body.get("recipient", {})])]
    named += [each for name in ("attributes", "events") for each in body.get(name, ())]
    ids = (str(each.get("external_user_id") or each.get("external_id")) for each in named)
    return any(one.startswith(prefix) for one in ids)


def webhooks(random: Random, count: int, start: float, rate: float) -> Iterator[Webhook]:
    """Yield webhooks, `rate` a second, those of a few forged or broken."""
    topics, weights = [*_TOPICS], [*_TOPICS.values()]
    at = start
    for number in range(1, count + 1):
        at += random.expovariate(rate)
        (topic,) = random.choices(topics, weights)
        yield _webhook(random, at, number, topic)


Making = Callable[[Random, int, float, float], Iterator[Webhook]]


@lru_cache(maxsize=1)  # the runs of a matrix differ in their faults alone
def _again(
    make: Making, state: State, count: int, start: float, rate: float
) -> tuple[list[Webhook], State]:
    random = Random()  # noqa: S311 - to be repeated
    random.setstate(state)
    return [*make(random, count, start, rate)], random.getstate()


def all_webhooks(
    make: Making, random: Random, count: int, start: float, rate: float
) -> list[Webhook]:
    """Return the webhooks that are made so; for the same once more, without making them again."""
    made, state = _again(make, random.getstate(), count, start, rate)
    random.setstate(state)
    return made


def _webhook(random: Random, at: float, number: int, topic: str) -> Webhook:
    user = f"u{number}"
    if topic == "customers/update":
        user = f"user{random.randrange(_USERS)}"
    elif random.random() < 0.01:
        user = f"{BAD}{number}"
    elif random.random() < 0.001:
        user = f"{POISON}{number}"
    return signed(random, at, number, topic, _document(number, user, at))


def signed(random: Random, at: float, number: int, topic: str, document: dict[str, Any]) -> Webhook:
    """Return the webhook of a document; those of a few are forged or broken."""
    wishes = tuple(_wishes(topic, document))
    late = _DISORDER if topic == "customers/update" else 0
    return sealed(random, Draft(at, number, topic, document, wishes, late=late))


@dataclass(frozen=True, slots=True)
class Draft:
    """A webhook before it is signed, which is up to `late` seconds late."""

    at: float
    number: int
    topic: str
    document: dict[str, Any]
    wishes: tuple[Wish, ...]
    source: str = SOURCE
    late: float = 0


def sealed(random: Random, draft: Draft) -> Webhook:
    """Return a webhook with its signature; those of a few are forged or broken."""
    body = json.dumps(draft.document).encode()
    chance = random.random()
    answer = 401 if chance < 0.01 else 400 if chance < 0.02 else 200
    if answer == 400:
        body = body[:-1]
    secret = SECRET if answer != 401 else "canary-of-somebody-else"
    digest = hmac.digest(secret.encode(), body, "sha256")
    at = draft.at + (random.random() * draft.late if draft.late else 0)
    signature = base64.b64encode(digest).decode()
    wishes = draft.wishes if answer == 200 else ()
    return Webhook(at, draft.number, draft.topic, body, signature, answer, wishes, draft.source)


def _document(number: int, user: str, at: float) -> dict[str, Any]:
    time = datetime.fromtimestamp(at, UTC).isoformat()
    return {
        "id": number,
        "customer": user,
        "email": f"canary-{number}@canary.example.org",
        "first_name": f"Canary {number}",
        "created_at": time,
        "updated_at": time,
        "version": number,
        "items": [{"seat": seat, "guest": f"{user}-{seat}"} for seat in ("A1", "B2")],
    }


def _wishes(topic: str, document: dict[str, Any]) -> Iterator[Wish]:
    rule, number = _RULES.get(topic), document["id"]
    if rule is None:
        return
    items = document["items"] if rule in ("ticket", "seat") else [{}]
    for item in items:
        seat, user = item.get("seat", ""), document["customer"]
        if rule == "ticket":
            user = item["guest"]
        key = (rule, number, seat)
        yield Wish(
            key,
            id_of(key),
            user,
            _recipient(rule, document, user, seat),
            rule == "receipt",
            number if rule == "profile" else None,
        )


def _recipient(rule: str, document: dict[str, Any], user: str, seat: str) -> dict[str, Any]:
    attributes = {"email": document["email"], "first_name": document["first_name"]}
    who = {"external_user_id": user, "attributes": attributes}
    if rule == "shipped":  # its properties are beside the recipient
        return who
    name = "canvas_entry_properties" if rule in ("profile", "seat") else "trigger_properties"
    given = {"number": document["id"], **({"seat": seat} if seat else {})}
    return {**who, "send_to_existing_only": False, name: given}
