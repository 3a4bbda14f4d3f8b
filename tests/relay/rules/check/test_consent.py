"""Consent that a rule cannot know is told by `relay rules check`, and nothing else is."""

import pytest

from handler.core.rules.load import load
from relay.rules.check.warnings import warnings

GROUP = "417220e4-5a2a-b634-7f7d-9ec891532368"
FILE = """\
verify: {preset: standard_webhooks}
vars: {dev: {off: unsubscribed, on: opted_in}}
tables:
  states: {"yes": opted_in, "no": unsubscribed}
  yes: {"yes": opted_in}
rules:
  - name: confirm
    type: TYPE
    when: WHEN
    once: ${body.id}
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${body.id}
          send_to_existing_only: EXISTING
          attributes: ATTRIBUTES
"""
STATES = {
    "unsubscribed": "unsubscribed also takes back",
    "${if(body.known, `null`, 'unsubscribed')}": "unsubscribed also takes back",
    "${body.known == `null` && 'unsubscribed' || `null`}": "unsubscribed also takes back",
    "${body.yes && 'opted_in' || 'unsubscribed'}": "unsubscribed also takes back",
    "${coalesce(body.state, 'unsubscribed')}": "unsubscribed also takes back",
    "${vars.off}": "unsubscribed also takes back",
    "${lookup(tables.states, body.news)}": "unsubscribed also takes back",
    "${body.state}": "the event can say unsubscribed",
    "${lower(body.state)}": "the event can say unsubscribed",
    "${body.lists[?name == 'news'] | [0].state}": "the event can say unsubscribed",
    "${body.prefix}subscribed": "the event can say unsubscribed",
    "subscribed": "subscribed lets an unsubscribed address",
    "${if(body.known, `null`, 'subscribed')}": "subscribed lets an unsubscribed address",
}
OF_A_BUYER = "a buyer can type any address"


def told(
    attributes: str, types: str = "user.created", when: str = "body.id", existing: str = "false"
) -> list[tuple[str, str]]:
    text = FILE.replace("TYPE", types).replace("EXISTING", existing)
    text = text.replace("WHEN", when).replace("ATTRIBUTES", attributes)
    found = warnings(load("shop", text, "shop.yaml", "dev"), "standard_webhooks")
    return [(".".join(map(str, path)), words) for path, words in found]


def email(state: str) -> str:
    return f'{{email: "${{body.email}}", email_subscribe: "{state}"}}'


def group(state: str) -> str:
    one = f'{{subscription_group_id: {GROUP}, subscription_state: "{state}"}}'
    return f"{{subscription_groups: [{one}]}}"


@pytest.mark.parametrize("existing", ["true", "false"])
@pytest.mark.parametrize("state, words", STATES.items())
def test_a_state_that_others_would_follow_is_told(state: str, words: str, existing: str) -> None:
    ((path, said),) = told(email(state), existing=existing)
    assert path == "rules.0.send.recipients.0.attributes.email_subscribe"
    assert said.startswith(f"email_subscribe: {words}")


@pytest.mark.parametrize("state", ["opted_in", "${if(body.yes, 'opted_in', `null`)}", "${vars.on}",
                                   "${lookup(tables.yes, body.news)}"])  # fmt: skip
@pytest.mark.parametrize("types", ["orders/create", "checkout.session.completed", "payment.*",
                                   "invoice.paid", "transaction.completed"])  # fmt: skip
def test_a_purchase_opts_nobody_in_not_even_a_guest(state: str, types: str) -> None:
    ((_, said),) = told(email(state), types)
    assert OF_A_BUYER in said
    assert "an attribute of your own" in said
    assert told(email(state)) == []


UNSUBSCRIBING = [it for it, words in STATES.items() if not words.startswith("subscribed")]


@pytest.mark.parametrize("state", UNSUBSCRIBING)
def test_a_state_of_a_group_is_told_likewise(state: str) -> None:
    ((path, said),) = told(group(state))
    assert path == "rules.0.send.recipients.0.attributes.subscription_groups"
    assert said.startswith(f"subscription_groups: {STATES[state]}")


@pytest.mark.parametrize(
    "groups, words",
    [
        ("${body.groups}", "the event can say unsubscribed"),
        ("${body.groups[?subscribed]}", "the event can say unsubscribed"),
        ("${body.groups[].{subscription_group_id: id, subscription_state: 'unsubscribed'}}",
         "unsubscribed also takes back"),
        ("${if(body.a, [{subscription_state: 'unsubscribed'}], `null`)}",
         "unsubscribed also takes back"),
    ],
)  # fmt: skip
def test_groups_that_an_expression_makes_are_looked_into(groups: str, words: str) -> None:
    ((_, said),) = told(f'{{subscription_groups: "{groups}"}}')
    assert words in said


def test_a_group_that_a_registration_subscribes_to_is_not_told_and_that_of_a_buyer_is() -> None:
    assert told(group("subscribed")) == []
    assert told(group("${if(body.yes, 'subscribed', `null`)}")) == []
    ((_, said),) = told(group("subscribed"), "orders/create")
    assert OF_A_BUYER in said


@pytest.mark.parametrize(
    "attributes, is_told",
    [
        ('"${body.profile}"', True),
        ('"${body.{email: email, email_subscribe: state}}"', True),
        ('"${body.{email: email}}"', False),
    ],
)
def test_attributes_that_an_expression_makes_may_hold_a_state(
    attributes: str, *, is_told: bool
) -> None:
    assert [path for path, _ in told(attributes)] == (
        ["rules.0.send.recipients.0.attributes"] if is_told else []
    )


@pytest.mark.parametrize(
    "types, when",
    [
        ("newsletter.unsubscribed", "body.id"),
        ("[customer.opted_out, customer.unsubscribe]", "body.id"),
        ("user.optOut", "body.id"),
        ("email.complained", "body.id"),
        ("customers_email_marketing_consent/update", "body.id"),
        ("user.preferences.changed", "body.id"),
        ("'*'", "type == 'list.unsubscribe'"),
        ("user.updated", "body.state == 'unsubscribed'"),
        ("user.updated", "body.id && body.has_unsubscribed"),
        ("user.updated", "body.state == 'unsubscribed' || body.opt_out"),
        ("user.updated", "contains(body.flags, 'opted-out')"),
    ],
)
@pytest.mark.parametrize("state", ["unsubscribed", "${body.state}"])
def test_a_rule_whose_event_is_an_unsubscription_may_say_so(
    types: str, when: str, state: str
) -> None:
    assert told(email(state), types, when) == []
    assert told(group(state), types, when) == []


@pytest.mark.parametrize(
    "types, when",
    [
        ("user.updated", '"!(body.unsubscribed)"'),
        ("user.updated", "body.unsubscribed == `false`"),
        ("user.updated", "body.state != 'unsubscribed'"),
        ("user.updated", "body.state == 'unsubscribed' || body.id"),
        ("user.updated", "body.unsubscribe_url"),
        ("user.updated", "body.consent"),
        ("[user.updated, newsletter.unsubscribed]", "body.id"),
        ("customer.subscription.deleted", "body.id"),
    ],
)
def test_a_rule_whose_event_is_none_may_not(types: str, when: str) -> None:
    ((_, said),) = told(email("unsubscribed"), types, when)
    assert "whose type or when names it" in said


CONSENT = "customers_email_marketing_consent/update"
LEFT_OVER = [
    "${if(body.state == 'subscribed', 'opted_in', 'unsubscribed')}",
    "${if('subscribed' == body.state && body.level == 'double', 'opted_in', 'unsubscribed')}",
    "${body.state == 'subscribed' && 'opted_in' || 'unsubscribed'}",
]


@pytest.mark.parametrize("state", LEFT_OVER)
@pytest.mark.parametrize("when", ["body.id", '"!(body.test)"', "body.state != 'redacted'"])
def test_a_change_of_consent_that_is_still_pending_is_no_unsubscription(
    state: str, when: str
) -> None:
    for attributes in (email(state), group(state.replace("opted_in", "subscribed"))):
        ((_, said),) = told(attributes, CONSENT, when)
        assert "is also what a pending consent becomes" in said
        assert "== 'unsubscribed'" in said


@pytest.mark.parametrize(
    "types, when, state",
    [
        (CONSENT, "body.id", "${if(body.state == 'unsubscribed', 'unsubscribed', 'opted_in')}"),
        (CONSENT, "body.id", "${if(body.accepts, 'opted_in', 'unsubscribed')}"),
        (CONSENT, "body.state == 'unsubscribed' || body.state == 'subscribed'", LEFT_OVER[0]),
        (CONSENT, "body.state != 'pending' && body.opt_outs", LEFT_OVER[0]),
        ("newsletter.unsubscribed", "body.id", LEFT_OVER[0]),
        (CONSENT, "body.id", "${body.state == 'unsubscribed' && 'unsubscribed' || `null`}"),
    ],
)
def test_a_change_of_consent_that_names_the_withdrawal_is_one(
    types: str, when: str, state: str
) -> None:
    assert told(email(state), types, when) == []


@pytest.mark.parametrize("types", ["orders/create", "user.created"])
@pytest.mark.parametrize(
    "attributes",
    [
        '{email: "${body.email}"}',
        '{email: "${body.email}", asked_for_news: "${body.news || `null`}"}',
        email("${body.news && `null`}"),
        "{email_subscribe: null}",
        "{push_subscribe: unsubscribed}",
    ],
)
def test_a_profile_may_be_made_without_a_word_of_consent(attributes: str, types: str) -> None:
    assert told(attributes, types) == []
