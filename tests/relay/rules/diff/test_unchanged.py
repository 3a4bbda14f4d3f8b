"""Rules that both versions write alike are not rendered again; no difference is missed."""

from pathlib import Path
from typing import Any, Final

import pytest

from handler.core.planning.render import MAX_DELIVERIES
from relay.rules.diff.comparison import Comparison, compare
from relay.rules.diff.unchanged import Pair, alike
from relay.rules.webhooks import Given
from relay.webhooks.samples import Sample, load_sources

RULES: Final = """\
verify: {preset: shopify, secret: shop}
vars:
  dev: {id: 417220e4-5a2a-b634-7f7d-9ec891532368}
rules:
  - name: confirm
    type: orders/create
    when: "body.id != `3`"
    send:
      campaign_id: ${vars.id}
      recipients: [{external_user_id: "${body.user}", attributes: {plan: "${body.plan}"}}]
  - name: each
    type: orders/create
    for_each: body.items
    once: ${item.id}
    send:
      campaign_id: ${vars.id}
      recipients: [{external_user_id: "${item.user}"}]
  - name: strict
    type: orders/create
    send:
      campaign_id: ${vars.id}
      recipients: [{external_user_id: "${body.friend}", attributes: {plan: "${body.plan}"}}]
    required: [attributes.plan]
"""
BODIES: Final[dict[str, dict[str, Any]]] = {
    "first": {"id": 1, "items": [{"id": 1, "user": "a"}]},
    "no plan": {"id": 2, "plan": None, "items": []},
    "third": {"id": 3, "items": [{"id": 2, "user": "b"}]},
    "many": {"id": 4, "items": [{"id": at, "user": f"u{at}"} for at in range(MAX_DELIVERIES - 1)]},
}
TWIN: Final = """\
  - name: twin
    enabled: false
    type: orders/create
    send: {campaign_id: "${vars.id}", recipients: [{external_user_id: "${body.user}"}]}
"""


def given(body: dict[str, Any]) -> Given:
    headers = {"x-shopify-topic": "orders/create", "content-type": "application/json"}
    whole = {"user": "u1", "friend": "u2", "plan": "pro", **body}
    return Given(Sample(name="order", source="shop", headers=headers, body=whole))


WEBHOOKS: Final = {name: given(body) for name, body in BODIES.items()}


def folders(tmp_path: Path, base: str, new: str) -> tuple[Path, Path]:
    found = tmp_path / "base", tmp_path / "new"
    for folder, text in zip(found, (base, new), strict=True):
        folder.mkdir()
        (folder / "shop.yaml").write_text(text, encoding="utf-8")
    return found


def compared(tmp_path: Path, new: str, base: str = RULES) -> tuple[Comparison, Comparison]:
    """Return the comparison of all rules, and that without those that are written alike."""
    before, after = folders(tmp_path, base, new)
    versions = load_sources(before, "dev"), load_sources(after, "dev")
    same = alike(before, after)
    return compare(*versions, WEBHOOKS), compare(*versions, WEBHOOKS, same)


@pytest.mark.parametrize(
    "old, new",
    [
        ('"${body.plan}"', '"${upper(body.plan)}"'),
        ("name: confirm", "name: confirmed"),
        ("!= `3`", "== `3`"),
        ("[attributes.plan]", "[]"),
        ("body.friend", "body.user"),
        ("once: ${item.id}", "once: ${item.user}"),
        ("417220e4", "517220e4"),
        ("body.items", "body.none"),
        ("  - name: strict", f"{TWIN}  - name: strict"),
        ("# nothing", ""),
    ],
)
def test_the_same_differences_are_found(tmp_path: Path, old: str, new: str) -> None:
    text = RULES.replace(old, new)
    whole, quick = compared(tmp_path, text)
    assert quick == whole
    assert (not whole.changes) == (text == RULES or "enabled: false" in text)


def test_a_rule_that_makes_a_webhook_too_large_is_found_beside_silent_ones(tmp_path: Path) -> None:
    # `many` makes 100 deliveries and one of each of the two others: one too many, then not.
    few = RULES.replace("body.items", f"body.items[:{MAX_DELIVERIES - 2}]")
    whole, quick = compared(tmp_path, few)
    assert quick == whole
    assert "too_many" in {one.before.get("reason") for one in quick.changes}


def test_rules_are_alike_where_they_and_all_else_in_their_file_is(tmp_path: Path) -> None:
    base, new = folders(tmp_path, RULES, RULES.replace("body.friend", "body.user"))
    assert alike(base, new) == {"shop": {"confirm", "each"}}
    (new / "shop.yaml").write_text(RULES.replace("417220e4", "517220e4"), encoding="utf-8")
    assert alike(base, new) == {}
    (base / "shop.yaml").write_text("rules: [", encoding="utf-8")
    assert alike(base, new) == {}


def test_a_rule_that_has_made_a_request_is_silent_afterwards(tmp_path: Path) -> None:
    base, new = folders(tmp_path, RULES, RULES.replace("body.friend", "body.user"))
    before, after = (load_sources(one, "dev")["shop"] for one in (base, new))
    pair = Pair(before, after, alike(base, new)["shop"])
    made = [[one.rule for one in pair.plans(given(BODIES["first"]))[1].deliveries] for _ in "12"]
    # The number of deliveries under for_each varies: it may be one too many.
    assert made == [["confirm", "each", "strict"], ["each", "strict"]]
