"""Outcomes of webhooks, in the shape in which cases expect them."""

import json
from collections.abc import Mapping
from typing import Any

from handler.core.braze.endpoints import SENDS
from handler.core.configuration.yaml12 import Document, load
from handler.core.errors import RulesError
from handler.core.models import Plan
from relay.rules.case_file import Case, DeliveryBlock, ExpectBlock
from relay.rules.plan_document import Outcome, delivered, parked
from relay.rules.yaml_text import written

_OF_ANOTHER_TYPE = "type is "
_TARGETS = frozenset(each.key for each in SENDS)
_BY_HAND = "this case cannot be updated; write expect by hand, in lines of its own at the end"


def outcome(plan: Plan) -> Outcome:
    """Return the outcome of a plan, without empty parts."""
    found: Outcome = {
        "deliveries": [delivered(one) for one in plan.deliveries],
        "shadow": [delivered(one) for one in plan.shadow],
        "parked": [parked(one) for one in plan.parked],
        "unmatched": {one.rule: one.why for one in plan.unmatched},
    }
    return {key: one for key, one in found.items() if one}


def expected(expect: ExpectBlock) -> Outcome:
    """Return what a case expects, in the shape of an outcome."""
    found: Outcome = {
        "deliveries": [_expected(one) for one in expect.deliveries],
        "shadow": [_expected(one) for one in expect.shadow],
        "parked": [one.model_dump() for one in expect.parked],
    }
    kept = {key: one for key, one in found.items() if one}
    return kept if expect.unmatched is None else {**kept, "unmatched": expect.unmatched}


def asked(found: Outcome, expect: ExpectBlock | None) -> Outcome:
    """Return the parts of an outcome that a case asks for: ids and reasons where it gives them."""
    wanted = ExpectBlock() if expect is None else expect
    answer = dict(found)
    for key, blocks in (("deliveries", wanted.deliveries), ("shadow", wanted.shadow)):
        ids = [one.id is not None for one in blocks]
        if key in answer:
            answer[key] = [_cut(one, ids[at : at + 1]) for at, one in enumerate(answer[key])]
    reasons = answer.pop("unmatched", {})
    if wanted.unmatched is not None:
        answer["unmatched"] = {key: one for key, one in reasons.items() if key in wanted.unmatched}
    elif reasons and (expect is None or (expected(wanted) and not answer)):
        answer["unmatched"] = _telling(reasons)  # why an expected request was not made
    return answer


def _expected(block: DeliveryBlock) -> Outcome:
    return block.model_dump(exclude={"id"} if block.id is None else None)


def _cut(delivery: Outcome, has_id: list[bool]) -> Outcome:
    return {key: one for key, one in delivery.items() if key != "id" or has_id == [True]}


def _telling(reasons: Mapping[str, str]) -> Mapping[str, str]:
    """Return the reasons other than the event's type; all, where there are no others."""
    telling = {rule: why for rule, why in reasons.items() if not why.startswith(_OF_ANOTHER_TYPE)}
    return telling or reasons


def without_targets(found: Outcome) -> Outcome:
    """Return an outcome without the ids of the campaigns and Canvases that requests name."""
    cut = dict(found)
    for key in {"deliveries", "shadow"} & found.keys():
        cut[key] = [{**one, "body": _without_target(one["body"])} for one in found[key]]
    return cut


def _without_target(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: "" if key in _TARGETS else value for key, value in body.items()}


def is_same(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes are the same JSON: there 1 is neither true nor 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def update(case: Case, outcome: Outcome) -> None:
    """Write an outcome into a case's file; raise RulesError where it would not read back the same.

    Comments within the old expectation are lost.
    """
    text = case.file.read_text(encoding="utf-8")
    block = outcome or {"deliveries": []}
    changed = replaced(text, case.document, written({"expect": block}))
    if not _is_read_back(changed, case.document, block):
        raise RulesError([case.document.finding(("expect",), _BY_HAND)])
    case.file.write_text(changed, encoding="utf-8", newline="\n")


def replaced(text: str, document: Document, block: str) -> str:
    """Return a file's text with a new `expect` block, at its end where there was none."""
    lines = text.splitlines(keepends=True)
    start = document.places.get(("expect",))
    if start is None:
        ending = "" if text.endswith("\n") else "\n"
        return f"{text}{ending}{block}"
    later = [one.line for path, one in document.places.items() if len(path) == 1]
    end = min((line for line in later if line > start.line), default=len(lines) + 1) - 1
    while end > start.line and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # comments before the next key belong to that key
    return "".join([*lines[: start.line - 1], block, *lines[end:]])


def _is_read_back(text: str, old: Document, block: Outcome) -> bool:
    try:
        value = load(text, old.file).value
    except RulesError:
        return False
    return isinstance(old.value, dict) and value == {**old.value, "expect": block}
