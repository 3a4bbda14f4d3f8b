"""What `for_each` makes is rendered anew element by element, each under its own id."""

import pytest

from tests.relay.dead_letters.desk import Desk
from tests.relay.dead_letters.shop import EACH, Rules, parked_of, plan_of, rendered


@pytest.mark.parametrize("once", ["${item.code}", "${body.id}"], ids=["by item", "by place"])
def test_an_event_with_too_many_elements_is_sent_with_the_ids_that_each_would_have(
    desk: Desk, rules: Rules, once: str
) -> None:
    each = rules(EACH.replace("${item.code}\n    send", f"{once}\n    send"))
    parcels = [{"code": f"p{number}", "to": str(number + 1)} for number in range(230)]
    order = {"id": 1, "parcels": parcels}
    parked = parked_of(each, order)
    assert parked.reason == "too_many"
    desk.bury(parked, "too_many")
    done = rendered(desk, each, "--yes")
    assert done.exit_code == 0, done.output
    sent = {it["recipient"]["external_user_id"]: it["id"] for it in desk.sent()}
    assert set(sent) == {it["to"] for it in parcels}
    first = plan_of(each, {**order, "parcels": parcels[:100]}).deliveries
    assert [sent[str(it.recipient["external_user_id"])] for it in first if it.recipient] == [
        it.id for it in first
    ]
    assert len(set(sent.values())) == 230
    assert desk.dead() == []


def test_one_element_of_for_each_is_rendered_from_what_it_carries(desk: Desk, rules: Rules) -> None:
    parcels = [{"code": "p1", "to": "9"}, {"code": "p2", "to": "9"}]
    _, second = plan_of(rules(EACH), {"id": 1, "parcels": parcels}).deliveries
    desk.bury(second)
    mended = rules(EACH.replace("Parcel ${item.code}", "No. ${item.code}"))
    assert rendered(desk, mended, "--yes").exit_code == 0
    (sent,) = desk.sent()
    assert sent["id"] == second.id
    assert sent["recipient"]["trigger_properties"] == {"parcel": "No. p2"}


@pytest.mark.parametrize(
    "change",
    [
        ("Parcel ${item.code}", "Parcel ${item.code} of ${body.id}"),
        ("Parcel ${item.code}", "${item.code} of ${sum(root().body.parcels[].n)}"),
        ("once: ${item.code}", "once: ${id}"),
    ],
    ids=["reads body", "reads root()", "is told apart by its place"],
)
def test_what_an_element_does_not_carry_is_never_left_out_in_silence(
    desk: Desk, rules: Rules, change: tuple[str, str]
) -> None:
    (made,) = plan_of(rules(EACH), {"id": 1, "parcels": [{"code": "p1", "to": "9"}]}).deliveries
    desk.bury(made)
    done = rendered(desk, rules(EACH.replace(*change)), "--yes")
    assert done.exit_code == 1
    assert "redrive it without --rendered" in done.stderr
    assert len(desk.dead()) == 1
