"""The first steps of a webhook's way, as values: received, verified, rules, requests."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from handler.core.errors import UnverifiedReason
from handler.core.rules.source import Source
from relay.page.reading import HIDDEN
from relay.page.way.received import MOST, laid_out, received
from relay.page.way.request_json import JsonLine, RequestStep, plain_lines, requests_of
from relay.page.way.rules import EventStep, rules_of
from relay.page.way.verification import REMEDIES, Verification, verification
from relay.rules.plan_document import delivered
from tests.page.signed import SIGNING, explanation, posted, secret, signed

TOKEN = """
verify: {scheme: token, where: query, name: sign}
event: {type: body.type, type_signed: true, id: body.id}
rules:
  - name: looks
    type: ping
    SETTING
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients: [{external_user_id: "${body.id}", attributes: {shoe: "${body.size}"}}]
"""


def rules_folder(folder: Path, setting: str = "shadow: true") -> Path:
    (folder / "plain.yaml").write_text(TOKEN.replace("SETTING", setting), encoding="utf-8")
    return folder


# Received


def test_what_proves_the_sender_is_hidden_and_the_rest_is_not() -> None:
    found = received(signed())
    headers = dict(found.headers)
    assert headers["x-shopify-hmac-sha256"] == HIDDEN
    assert headers["x-shopify-topic"] == "orders/create"
    plain = {"authorization": "Basic eA==", "x-webhook-signature": "v1=aa", "cookie": "a=b"}
    of_nobody = dict(received(posted("nobody", headers=plain, status=404)).headers)
    assert {of_nobody[name] for name in plain} == {HIDDEN}


def test_a_secret_in_the_url_is_hidden(tmp_path: Path) -> None:
    rules = rules_folder(tmp_path)
    found = received(posted("plain", rules=rules, query=f"a=1&sign={SIGNING}"))
    assert found.target == f"/webhooks/plain?a=1&sign={HIDDEN}"
    assert SIGNING not in str(found)
    assert received(posted("nobody", query="Token=x&b=2")).target.endswith(f"?Token={HIDDEN}&b=2")


def test_a_body_is_laid_out_where_it_is_json_and_as_it_came_where_it_is_not() -> None:
    assert laid_out(b'{"a":{"b":"\xc3\xbc"}}') == '{\n  "a": {\n    "b": "ü"\n  }\n}'
    for raw in (b'{"a": 1, "a": 2}', b'{"a": NaN}', b"<b>no</b>", b"[" * 100_000):
        assert laid_out(raw) == raw.decode()
    assert laid_out(b"\xff") == "\\xff"


def test_a_body_has_a_bound_and_says_what_is_left_out() -> None:
    found = received(posted(body=b"x" * (MOST + 5), status=401))
    assert (len(found.body), found.cut, found.size) == (MOST, 5, MOST + 5)


@pytest.mark.parametrize(
    "status, check",
    [
        (413, "the body is over MaxBodyBytes"),
        (415, "the content type is neither"),
        (401, "the signature, over the raw bytes"),
        (405, "the method is not POST"),
        (400, "the body is not JSON"),
        (503, "the source's rules file does not load"),
        (200, ""),
    ],
)
def test_a_refusal_names_the_check_that_failed(status: int, check: str) -> None:
    found = received(posted(status=status)).check
    assert found.startswith(check) if check else found == ""


# Verified


def test_a_good_signature_names_scheme_and_preset_and_never_the_secret() -> None:
    found = verification(signed(), secret())
    assert found.result == "verified"
    assert found.scheme == (
        "preset shopify: HMAC-SHA256 of {body}, base64 in x-shopify-hmac-sha256"
    )
    assert SIGNING not in str(found)


def test_a_wrong_signature_says_why_and_what_to_do() -> None:
    found = verification(signed(key="another-secret", status=401), secret())
    assert (found.result, found.reason) == ("refused", "wrong_signature")
    assert "fits no secret" in found.words
    assert "under shopify" in found.remedy
    assert "up --secrets FILE" in found.remedy


def test_an_old_signature_is_judged_at_the_time_of_its_arrival() -> None:
    keys = secret(accounts="whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LWFjY291bnRz")
    key = str(keys.values["accounts"])
    old = verification(signed("accounts-signup", key=key, age=3_600, status=401), keys)
    assert (old.result, old.reason) == ("refused", "stale")
    assert "300 s" in old.remedy
    assert verification(signed("accounts-signup", key=key), keys).result == "verified"


def test_a_source_without_a_secret_says_so() -> None:
    found = verification(signed(status=503), secret(another="x" * 9))
    assert found.result == "unavailable"
    assert "no usable signing secret 'shopify'" in found.words
    assert "--secrets" in found.remedy


def test_what_was_refused_and_would_be_taken_now_is_told_as_such() -> None:
    found = verification(signed(status=401), secret())
    assert found.result == "refused"
    assert "a secret that the source has now" in found.words
    later = verification(signed(key="another-secret"), secret())
    assert later.words.startswith("It was taken when it came")


def test_a_path_without_a_source_names_those_that_there_are() -> None:
    found = verification(posted("shopfy", status=404), secret())
    assert found.result == "unknown"
    assert "shopfy.yaml" in found.words
    assert "/webhooks/accounts, /webhooks/shopify" in found.remedy


def test_a_rules_file_with_a_mistake_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text("verify: {preset: shopfy}\n", encoding="utf-8")
    found = verification(posted("plain", rules=tmp_path, status=503), secret())
    assert found.result == "unavailable"
    assert "plain.yaml:1:1: rules is missing in the file" in found.remedy


@pytest.mark.parametrize("reason", get_args(UnverifiedReason))
def test_every_reason_has_something_to_do(reason: UnverifiedReason) -> None:
    assert REMEDIES[reason].endswith((".", "{scheme}."))


def test_a_secret_is_no_part_of_any_step() -> None:
    for reading in (signed(), signed(status=401), signed(key="another-secret", status=401)):
        steps: tuple[Any, ...] = (received(reading), verification(reading, secret()))
        assert SIGNING not in repr(steps)
    assert isinstance(steps[1], Verification)


# Rules


def event_of(*arguments: Any, **options: Any) -> EventStep:
    reading = signed(*arguments, **options)
    assert isinstance(reading.rules, Source)
    (found,) = rules_of(explanation(reading), reading.rules)
    return found


def test_the_operand_that_kept_a_rule_out_is_marked_with_its_value() -> None:
    found = event_of("shopify-order-test")
    (rule,) = found.rules
    assert (rule.name, rule.result) == ("order-confirmation", "not wanted")
    assert rule.words == "body.test is true"
    assert [one.lines for one in rule.operands if one.decided] == [("body.test = true",)]
    assert [one.name for one in found.others] == ["order-counted", "welcome"]
    assert found.others[1].words == "type is orders/create, not customers/create"


@pytest.mark.parametrize(
    "when, kept_out",
    [
        ("body.size == `1` && body.kind == 'a'", {"body.kind == 'a' = false"}),
        ("body.size == `2` || !(body.id)", {"body.size == `2` = false", 'body.id = "7"'}),
        ("body.size == `2` && body.kind == 'a'", {"body.size == `2` = false"}),
    ],
)
def test_of_several_operands_those_that_decided_are_marked(
    tmp_path: Path, when: str, kept_out: set[str]
) -> None:
    rules = rules_folder(tmp_path, f'when: "{when}"')
    body = b'{"type": "ping", "id": "7", "size": 1, "kind": "b"}'
    reading = posted("plain", body, rules=rules)
    assert isinstance(reading.rules, Source)
    ((rule,),) = (one.rules for one in rules_of(explanation(reading), reading.rules))
    assert {one.lines[0] for one in rule.operands if one.decided} == kept_out


@pytest.mark.parametrize(
    "setting, result, words",
    [
        ("shadow: true", "shadow", "not sent"),
        ("enabled: false", "disabled", "not enabled"),
        ("required: [attributes.shoe]", "failed", "attributes.shoe: it is required, and missing"),
        ("on_unknown: retry", "wanted", ""),
    ],
)
def test_a_rule_says_what_became_of_it(
    tmp_path: Path, setting: str, result: str, words: str
) -> None:
    reading = posted("plain", b'{"type": "ping", "id": "7"}', rules=rules_folder(tmp_path, setting))
    assert isinstance(reading.rules, Source)
    ((rule,),) = (one.rules for one in rules_of(explanation(reading), reading.rules))
    assert rule.result == result
    assert words in rule.words


# Requests


def text_of(lines: tuple[JsonLine, ...]) -> str:
    return "".join(f"{one.key}{one.value}{one.end}" for one in lines)


def request_of(*arguments: Any, **options: Any) -> RequestStep:
    (found,) = requests_of(explanation(signed(*arguments, **options)))
    return found


@pytest.mark.parametrize("name", ["shopify-order", "shopify-customer", "accounts-signup"])
def test_the_lines_are_the_very_json_that_is_sent(name: str) -> None:
    reading = signed(name, key="whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LWFjY291bnRz")
    assert reading.plan is not None
    (delivery,) = reading.plan.deliveries
    (found,) = requests_of(explanation(reading))
    assert json.loads(text_of(found.lines)) == delivered(delivery)["body"]
    assert found.path == delivery.path
    assert found.delivery_id == delivery.id


def test_every_field_has_its_expression_its_path_and_its_value() -> None:
    found = request_of()
    whys = {one.key: one.why for one in found.lines if one.why}
    assert whys['"order": '] == (
        'recipients[0].trigger_properties.order = "Order #1042"',
        "Order ${body.name}",
        'body.name = "#1042"',
    )
    assert whys['"campaign_id": '][-1] == "as written in the rules"
    assert whys['"items": '][1].startswith("${body.line_items[]")
    unexplained = [one for one in found.lines if not one.why and one.value not in "{}[]"]
    assert {one.key for one in unexplained} == {'"title": ', '"quantity": ', '"price": '}


def test_what_is_left_out_says_why() -> None:
    found = request_of(change={"buyer_accepts_marketing": False, "order_status_url": None})
    whys = {one[0]: one[1:] for one in found.left_out}
    gone = "recipients[0].trigger_properties.status_url is left out: null"
    assert whys[gone] == ("${body.order_status_url}",)


def test_a_request_that_could_not_be_made_shows_its_fields() -> None:
    found = request_of("shopify-order-guest", {"email": None})
    assert found.lines == ()
    assert "recipients[0].attributes.email is left out: null" in [one[0] for one in found.left_out]


def test_the_fields_of_a_transactional_request_are_found_beside_its_recipient(
    tmp_path: Path,
) -> None:
    text = TOKEN.replace("SETTING", "on_unknown: retry").partition("send:")[0] + (
        "send:\n"
        "      transactional_campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368\n"
        "      trigger_properties: {size: '${body.size}'}\n"
        "      recipient: {external_user_id: '${body.id}', attributes: {shoe: '${body.size}'}}\n"
    )
    (tmp_path / "plain.yaml").write_text(text, encoding="utf-8")
    reading = posted("plain", b'{"type": "ping", "id": "7", "size": 1}', rules=tmp_path)
    (found,) = requests_of(explanation(reading))
    explained = {one.key for one in found.lines if one.why}
    assert {'"external_user_id": ', '"shoe": ', '"size": '} <= explained


def test_a_long_text_is_cut_and_says_how_long_it_is() -> None:
    (line,) = plain_lines("x" * 5_000)
    assert line.value.endswith('… (5,000 characters)"')
    assert len(line.value) < 1_100
    assert text_of(plain_lines({})) == "{}"
    assert text_of(plain_lines([1, [], {"a": None}])) == '[1,[],{"a": null}]'
