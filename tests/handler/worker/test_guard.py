"""An older state of a profile or a subscription never undoes a newer one, and events always go."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.message import decode
from handler.core.models import Delivery
from tests.handler.handing import Hands, counted
from tests.handler.stage import Braze
from tests.handler.worker.answers import BAD, DOWN, EDGE
from tests.handler.worker.track import (
    attributes,
    event,
    group,
    refusing,
    subscribes,
    tracks,
)

OLD, NEW = group("subscribed", external_ids=["u"]), group("unsubscribed", external_ids=["u"])
FIRST, SECOND = attributes("u", n=1), attributes("u", n=2)


def version(delivery: Delivery, at: int, **more: Any) -> Delivery:
    return replace(delivery, event_version=at, **more)


@pytest.fixture
def consents(delivery: Delivery) -> tuple[Delivery, Delivery]:
    """Changes of one user's subscription: the older and the newer."""
    return version(subscribes(delivery, OLD), 1), version(subscribes(delivery, NEW), 2)


@pytest.fixture
def updates(delivery: Delivery) -> tuple[Delivery, Delivery]:
    """Updates of one user's attributes: the older and the newer."""
    return (
        version(tracks(delivery, attributes=[FIRST]), 1),
        version(tracks(delivery, attributes=[SECOND]), 2),
    )


def test_an_older_consent_is_dropped_and_counted_after_a_newer_one(
    line: Hands,
    braze: Braze,
    consents: tuple[Delivery, Delivery],
    capsys: pytest.CaptureFixture[str],
) -> None:
    older, newer = consents
    line.give(newer)

    assert line.give(older) == {older.id: None}
    assert line.give(older, copy="copy") == {older.id: None}

    assert braze.requests == [newer.recipient]
    assert line.states(older, newer) == ["STALE", "ACCEPTED"]
    assert line.queue.letters() == []
    assert [one["outcome"] for one in line.queue.lines()] == ["accepted", "stale", "duplicate"]
    assert counted(capsys, "DeliveriesStale") == 1


@pytest.fixture(params=["subscription", "attribute"])
def made(request: pytest.FixtureRequest, delivery: Delivery) -> tuple[Delivery, Delivery]:
    """Consent that came with the making of its user, without a version; and a newer change of it.

    Both came in this order, one millisecond apart.
    """
    at_first, later = (
        (subscribes(delivery, OLD), subscribes(delivery, NEW))
        if request.param == "subscription"
        else (
            tracks(delivery, attributes=[attributes("u", email_subscribe=state)])
            for state in ("subscribed", "unsubscribed")
        )
    )
    return replace(at_first, event_version=None, arrived_ms=1), version(later, 9, arrived_ms=2)


def test_a_consent_without_a_version_undoes_none_that_came_later(
    line: Hands, braze: Braze, made: tuple[Delivery, Delivery]
) -> None:
    at_first, later = made
    braze.replies.append(BAD)
    line.give(at_first)
    line.clock.now += 60
    line.give(later)

    assert line.give(at_first, copy="redriven") == {at_first.id: None}

    assert braze.requests == [at_first.recipient, later.recipient]
    assert line.states(at_first, later) == ["STALE", "ACCEPTED"]


def test_a_consent_without_a_version_that_comes_later_is_written_and_undoes_no_order(
    line: Hands, braze: Braze, made: tuple[Delivery, Delivery]
) -> None:
    at_first, later = made
    anew = replace(at_first, id="a" * 64, arrived_ms=3)
    older = replace(later, id="b" * 64, event_version=8, arrived_ms=4)
    newer = replace(later, id="c" * 64, event_version=10, arrived_ms=1)
    line.give(at_first)
    line.give(later)
    line.give(anew)
    line.give(older)
    line.give(newer)

    sent = [one.recipient for one in (at_first, later, anew, newer)]
    assert braze.requests == sent
    assert line.states(older) == ["STALE"]


@pytest.mark.parametrize("newer", [1, 0.5])
def test_version_0_is_a_version_and_older_than_the_next(
    line: Hands, braze: Braze, updates: tuple[Delivery, Delivery], newer: float
) -> None:
    first, second = updates
    line.give(replace(second, event_version=newer, arrived_ms=1))

    line.give(version(first, 0, arrived_ms=2))

    assert braze.requests == [second.recipient]
    assert line.states(first) == ["STALE"]


def test_of_two_consents_without_a_version_the_later_one_counts(
    line: Hands, braze: Braze, made: tuple[Delivery, Delivery]
) -> None:
    at_first, later = made
    bare = replace(later, event_version=None)
    braze.replies.append(DOWN)
    line.give(at_first)
    line.give(bare)
    line.clock.now += 600
    line.give(at_first)

    assert braze.requests == [at_first.recipient, bare.recipient]
    assert line.states(at_first, bare) == ["STALE", "ACCEPTED"]


def test_in_order_each_consent_is_sent(
    line: Hands, braze: Braze, consents: tuple[Delivery, Delivery]
) -> None:
    line.give(*consents)

    assert braze.requests == [one.recipient for one in consents]


def test_an_older_consent_waits_for_a_newer_one_that_failed(
    line: Hands, braze: Braze, consents: tuple[Delivery, Delivery]
) -> None:
    older, newer = consents
    braze.replies.append(DOWN)
    line.give(newer)

    assert line.give(older)[older.id] is not None
    line.give(newer)
    assert line.give(older) == {older.id: None}
    assert braze.requests == [newer.recipient] * 2
    assert line.states(older) == ["STALE"]


def test_older_attributes_alone_are_dropped(
    line: Hands, braze: Braze, updates: tuple[Delivery, Delivery]
) -> None:
    older, newer = updates
    line.give(newer)
    line.give(older)

    assert braze.requests == [newer.recipient]
    assert line.states(older) == ["STALE"]


def test_an_event_goes_without_the_older_state_that_it_came_with(
    line: Hands,
    braze: Braze,
    delivery: Delivery,
    updates: tuple[Delivery, Delivery],
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, newer = updates
    mixed = tracks(
        delivery,
        attributes=[FIRST, attributes("u", points={"inc": 5}, city="Rome")],
        events=[{**event("u"), "email": "old@example.org"}],
    )
    line.give(newer)

    assert line.give(version(mixed, 1)) == {mixed.id: None}

    assert braze.requests[1] == {
        "attributes": [attributes("u", points={"inc": 5})],
        "events": [event("u")],
    }
    assert line.states(mixed) == ["ACCEPTED"]
    assert counted(capsys, "AttributesStale") == 1


def test_events_alone_are_not_held_back(line: Hands, braze: Braze, delivery: Delivery) -> None:
    newer, older = (version(tracks(delivery, events=[event("u")]), at) for at in (2, 1))
    braze.replies.append(DOWN)

    assert line.give(newer)[newer.id] is not None
    assert line.give(older) == {older.id: None}
    assert braze.requests[1] == older.recipient


def test_what_only_adds_has_no_turn_and_makes_no_older_state_stale(
    line: Hands, braze: Braze, updates: tuple[Delivery, Delivery]
) -> None:
    older, newer = updates
    adding = tracks(newer, attributes=[attributes("u", points={"inc": 5})])
    braze.replies.append(DOWN)

    assert line.give(version(adding, 2))[adding.id] is not None
    assert line.give(older) == {older.id: None}
    line.give(version(adding, 2))

    assert braze.requests == [adding.recipient, older.recipient, adding.recipient]
    assert line.states(older, adding) == ["ACCEPTED", "ACCEPTED"]


def test_rules_with_one_guard_have_one_order_and_an_id_is_one_user_under_all_its_names(
    line: Hands, braze: Braze, delivery: Delivery, updates: tuple[Delivery, Delivery]
) -> None:
    older, newer = updates
    user: Any = {"external_user_id": "u", "attributes": {"n": 2}}
    message = version(replace(delivery, recipient=user, rule="welcome"), 2, guard="customer")
    line.give(message)

    line.give(replace(older, guard="customer"))
    line.give(replace(newer, guard="other", event_version=1))

    assert braze.requests[1:] == [newer.recipient]
    assert line.states(older) == ["STALE"]


@pytest.mark.parametrize("way", ["dead letter", "held"])
def test_a_person_who_sends_an_older_consent_again_undoes_no_newer_one(
    line: Hands, braze: Braze, consents: tuple[Delivery, Delivery], way: str
) -> None:
    older, newer = consents
    is_dead = way == "dead letter"
    older = replace(older, on_unknown="retry" if is_dead else "hold")
    braze.replies.append(BAD if is_dead else EDGE)
    line.give(older)
    assert line.reasons() == ["rejected" if is_dead else "unknown"]
    line.clock.now += 60
    line.give(newer)
    if not is_dead:
        release(line, older)

    assert line.give(older, copy="redriven") == {older.id: None}

    assert len(braze.requests) == 2
    assert line.states(older) == ["STALE"]


def release(line: Hands, held: Delivery) -> None:
    """Release a held delivery, as an operator does: HELD to FAILED."""
    line.dynamo.client.update_item(
        TableName=line.worker.ledger.table.name,
        Key={"pk": {"S": f"delivery#{held.id}"}},
        UpdateExpression="SET #state = :failed",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":failed": {"S": "FAILED"}},
    )


def test_refused_attributes_that_are_sent_again_undo_no_newer_ones(
    line: Hands, braze: Braze, delivery: Delivery, updates: tuple[Delivery, Delivery]
) -> None:
    mixed = version(tracks(delivery, attributes=[FIRST], events=[event("u")]), 1)
    braze.replies.append(refusing(("attributes", 0, "odd")))
    line.give(mixed)
    ((body, _),) = line.queue.letters()
    letter = decode(body)
    assert isinstance(letter, Delivery)
    line.give(updates[1])

    assert line.give(letter) == {letter.id: None}

    assert len(braze.requests) == 2
    assert line.states(letter) == ["STALE"]


@pytest.mark.parametrize("refused,state", [("attributes", "ACCEPTED"), ("events", "STALE")])
def test_a_state_that_braze_has_refused_does_not_make_an_older_one_stale(
    line: Hands, braze: Braze, updates: tuple[Delivery, Delivery], refused: str, state: str
) -> None:
    older, newer = updates
    mixed = version(tracks(newer, attributes=[SECOND], events=[event("u")]), 2)
    braze.replies.append(refusing((refused, 0, "odd")))
    line.give(mixed)

    line.give(older)

    assert line.states(older) == [state]
    assert len(braze.requests) == (2 if state == "ACCEPTED" else 1)


def test_a_refused_event_that_goes_without_its_older_state_keeps_its_letter(
    line: Hands, braze: Braze, delivery: Delivery, updates: tuple[Delivery, Delivery]
) -> None:
    line.give(updates[1])
    good, bad = event("u", "good"), event("u", "bad")
    older = version(tracks(delivery, attributes=[FIRST], events=[good, bad]), 1)
    braze.replies.append(refusing(("events", 1, "odd")))

    line.give(older)

    ((body, _),) = line.queue.letters()
    letter = decode(body)
    assert isinstance(letter, Delivery)
    assert letter.recipient == {"events": [bad]}
