"""What came of a webhook, in the words in which a case says what is to come of it."""

import json
from collections.abc import Mapping
from typing import Any

from handler.core.braze.contract.trigger import ENDPOINTS
from handler.core.braze.request import request
from handler.core.models import Delivery, Parked, Plan
from relay.rules.cases import DeliveryBlock, ExpectBlock

Outcome = dict[str, Any]
_OF_ANOTHER_TYPE = "type is "
_TARGETS = frozenset(it.key for it in ENDPOINTS)


def outcome(plan: Plan) -> Outcome:
    """Return all that came of a webhook, without what is empty."""
    found: Outcome = {
        "deliveries": [delivered(it) for it in plan.deliveries],
        "shadow": [delivered(it) for it in plan.shadow],
        "parked": [parked(it) for it in plan.parked],
        "unmatched": {it.rule: it.why for it in plan.unmatched},
    }
    return {key: it for key, it in found.items() if it}


def delivered(delivery: Delivery) -> Outcome:
    """Return a delivery as its rule, id and request."""
    return {
        "rule": delivery.rule,
        "id": delivery.id,
        "path": delivery.path,
        "body": request(delivery),
    }


def parked(one: Parked) -> Outcome:
    """Return what became a dead letter, and why."""
    return {"rule": one.rule, "reason": one.reason, "detail": one.detail}


def expected(expect: ExpectBlock) -> Outcome:
    """Return what a case expects, in the shape of an outcome."""
    found: Outcome = {
        "deliveries": [_expected(it) for it in expect.deliveries],
        "shadow": [_expected(it) for it in expect.shadow],
        "parked": [it.model_dump() for it in expect.parked],
    }
    kept = {key: it for key, it in found.items() if it}
    return kept if expect.unmatched is None else {**kept, "unmatched": expect.unmatched}


def asked(found: Outcome, expect: ExpectBlock | None) -> Outcome:
    """Return of an outcome what a case asks for: ids and reasons count where it gives them."""
    wanted = ExpectBlock() if expect is None else expect
    answer = dict(found)
    for key, blocks in (("deliveries", wanted.deliveries), ("shadow", wanted.shadow)):
        ids = [it.id is not None for it in blocks]
        if key in answer:
            answer[key] = [_cut(it, ids[at : at + 1]) for at, it in enumerate(answer[key])]
    reasons = answer.pop("unmatched", {})
    if wanted.unmatched is not None:
        answer["unmatched"] = {key: it for key, it in reasons.items() if key in wanted.unmatched}
    elif reasons and (expect is None or (expected(wanted) and not answer)):
        answer["unmatched"] = _telling(reasons)  # why what was expected did not come
    return answer


def _expected(block: DeliveryBlock) -> Outcome:
    return block.model_dump(exclude={"id"} if block.id is None else None)


def _cut(delivery: Outcome, has_id: list[bool]) -> Outcome:
    return {key: it for key, it in delivery.items() if key != "id" or has_id == [True]}


def _telling(reasons: Mapping[str, str]) -> Mapping[str, str]:
    """Return the reasons that say more than that a rule is for another type, if there are any."""
    told = {rule: why for rule, why in reasons.items() if not why.startswith(_OF_ANOTHER_TYPE)}
    return told or reasons


def without_targets(found: Outcome) -> Outcome:
    """Return an outcome without the ids of the campaigns and Canvases that requests name."""
    cut = dict(found)
    for key in {"deliveries", "shadow"} & found.keys():
        cut[key] = [{**it, "body": _without_target(it["body"])} for it in found[key]]
    return cut


def _without_target(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: "" if key in _TARGETS else value for key, value in body.items()}


def is_same(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes are the same JSON: there 1 is neither true nor 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
