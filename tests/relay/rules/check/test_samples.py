"""Findings of `relay rules check` by samples: rules unreached, paths and times that are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from relay.rules.check import command
from relay.rules.commands import app

RULES = """\
verify: {preset: stripe}
rules:
  - name: receipt
    type: checkout.session.completed
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: ${body.data.object.id}
          attributes: {email: "${body.data.object.email}", note: "${body.livemode}"}
"""
OBJECT = {"id": "o-1", "email": "a@example.org", "lines": [{"sku": "a"}]}
EVENT: dict[str, Any] = {
    "id": "e-1",
    "type": "checkout.session.completed",
    "created": "@now",
    "livemode": False,
    "object": "event",
    "data": {"object": OBJECT},
}
WHEN = RULES.replace("    once:", "    when: body.livemode\n    once:")
LATE = RULES.replace("    once:", "    expires_after: 1h\n    once:")


class Desk:
    """A folder of samples beside one of rules, and what is said of both."""

    def __init__(self, folder: Path) -> None:
        self.rules, self.events = folder / "rules", folder / "events"
        self.rules.mkdir()
        self.events.mkdir()

    def sample(self, name: str = "stripe-checkout", source: str = "stripe", **change: Any) -> None:
        webhook = {"source": source, "headers": {}, "body": EVENT | change}
        self.write(name, json.dumps(webhook))

    def write(self, name: str, text: str) -> None:
        (self.events / f"{name}.json").write_text(text)

    def remarks(self, text: str, *options: str) -> list[dict[str, Any]]:
        (self.rules / "stripe.yaml").write_text(text)
        run = CliRunner().invoke(app, ["check", str(self.rules), "--json", *options])
        said: list[dict[str, Any]] = json.loads(run.stdout)
        return said

    def check(self, text: str = RULES, *options: str) -> list[tuple[str, str]]:
        return [(one["level"], one["message"]) for one in self.remarks(text, *options)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    monkeypatch.setattr(command, "EVENTS", made.events)
    return made


def test_a_rule_that_a_sample_reaches_is_good(desk: Desk) -> None:
    desk.sample()
    assert desk.check() == []
    assert desk.check(LATE) == []


def test_without_a_sample_of_its_source_nothing_is_said_of_a_rule(desk: Desk) -> None:
    assert desk.check(RULES.replace("completed", "complete")) == []


@pytest.mark.parametrize(
    "text, words",
    [
        (
            RULES.replace("completed", "complete"),
            (
                "no sample in events/ has type checkout.session.complete;"
                " did you mean checkout.session.completed?"
            ),
        ),
        (
            RULES.replace("checkout.session.completed", "x"),
            "no sample in events/ has type x (there are: checkout.session.completed)",
        ),
        (
            WHEN,
            "no sample is wanted by this rule: body.livemode is false (stripe-checkout)",
        ),
    ],
)
def test_a_rule_that_no_sample_reaches_is_told_with_why(desk: Desk, text: str, words: str) -> None:
    desk.sample()
    assert ("warning", f"stripe/receipt: {words}") in desk.check(text)


@pytest.mark.parametrize(
    "text, line",
    [
        (RULES.replace("completed", "complete"), "    type: checkout.session.complete"),
        (WHEN, "    when: body.livemode"),
        (f"event: {{id: body.idd}}\n{RULES}", "event: {id: body.idd}"),
    ],
)
def test_what_no_sample_reaches_or_has_is_told_at_its_line(
    desk: Desk, text: str, line: str
) -> None:
    desk.sample()
    (said,) = [one for one in desk.remarks(text) if one["message"].startswith("stripe")]
    assert said["file"].endswith("stripe.yaml")
    assert text.splitlines()[said["line"] - 1] == line


def test_a_time_that_counts_and_is_none_is_told_at_its_line(desk: Desk) -> None:
    desk.sample(created="last Friday")
    (said,) = desk.remarks(LATE)
    assert LATE.splitlines()[said["line"] - 1] == "    expires_after: 1h"


def test_one_sample_that_a_rule_wants_is_enough(desk: Desk) -> None:
    desk.sample()
    desk.sample("stripe-live", livemode=True)
    assert desk.check(WHEN) == []


@pytest.mark.parametrize(
    "key, expression, words",
    [
        ("id", "body.idd", "body.idd; did you mean id?"),
        ("occurred_at", "body.craeted", "body.craeted; did you mean created?"),
        ("type", "body.typ", "body.typ; did you mean type?"),
        ("events", "body.dta.object.lines", "body.dta; did you mean data?"),
        ("bind", '{"*": "starts_with(body.idd, \'e\')"}', "body.idd; did you mean id?"),
    ],
)
def test_a_path_of_event_that_no_sample_has_is_told(
    desk: Desk, key: str, expression: str, words: str
) -> None:
    desk.sample()
    said = desk.check(f"event: {{{key}: {expression}}}\n{RULES}")
    assert ("warning", f"stripe: event.{key}: no sample event has {words}") in said


@pytest.mark.parametrize(
    "claim", ["!(body.lines)", "body.object && !(body.lines[0].sku || body.lines[0:2])"]
)
def test_what_a_bind_denies_need_be_in_no_sample(desk: Desk, claim: str) -> None:
    desk.sample()
    assert desk.check(f"event: {{bind: {{'*': '{claim}'}}}}\n{RULES}") == []


def test_what_a_bind_asks_for_beside_what_it_denies_is_looked_for(desk: Desk) -> None:
    desk.sample()
    said = desk.check(f"event: {{bind: {{'*': '!(body.lines) && body.idd'}}}}\n{RULES}")
    warning = "stripe: event.bind: no sample event has body.idd; did you mean id?"
    assert ("warning", warning) in said


def test_a_path_of_a_preset_that_a_sample_lacks_is_not_told(desk: Desk) -> None:
    webhook = {key: value for key, value in EVENT.items() if key != "created"}
    desk.write("a", json.dumps({"source": "stripe", "headers": {}, "body": webhook}))
    assert desk.check() == []


def test_a_time_that_counts_and_stands_in_no_sample_is_told(desk: Desk) -> None:
    desk.sample(created="last Friday")
    text = "body.created gives no time in stripe-checkout: it counts from when the webhook came"
    assert desk.check(LATE) == [("warning", f"stripe/receipt: expires_after: {text}")]


@pytest.mark.parametrize(
    "created, mend",
    [
        ("20 Nov 2026 9:00 PM GMT", ""),
        (
            "2026-11-20T21:00:00",
            "; it says no zone: write time(body.created, 'UTC'), or the zone that it has",
        ),
    ],
)
def test_a_time_that_is_there_and_unreadable_is_told_without_expires_after_too(
    desk: Desk, created: str, mend: str
) -> None:
    desk.sample(created=created)
    text = f"stripe: event.occurred_at: body.created gives no time in stripe-checkout{mend}"
    assert desk.check() == [("warning", text)]
    counts = ": it counts from when the webhook came"
    text = f"body.created gives no time in stripe-checkout{counts}{mend}"
    assert desk.check(LATE) == [("warning", f"stripe/receipt: expires_after: {text}")]


@pytest.mark.parametrize(
    "line, fields, said",
    [
        (
            "country: ${body.data.object.address.country}",
            {"address": {"country": "Germany", "country_code": "DE", "country_name": "Germany"}},
            (
                "country is left out of what stripe-checkout makes: it takes two letters of"
                " ISO 3166-1, such as DE; write ${body.data.object.address.country_code}"
            ),
        ),
        (
            "country: ${body.data.object.land}",
            {"land": "Germany"},
            (
                "country is left out of what stripe-checkout makes: it takes two letters of"
                " ISO 3166-1, such as DE; take a field that has the code, or lookup() it in a table"
            ),
        ),
        (
            "time_zone: ${coalesce(body.data.object.timezone, 'Europe/Berlin')}",
            {
                "timezone": "(GMT-05:00) Eastern Time (US & Canada)",
                "iana_timezone": "America/New_York",
            },
            (
                "time_zone is left out of what stripe-checkout makes: it takes a time zone's name,"
                " such as Europe/Berlin; write ${body.data.object.iana_timezone}"
            ),
        ),
    ],
)
def test_a_value_that_is_left_out_is_a_warning_with_the_field_that_has_it(
    desk: Desk, line: str, fields: dict[str, Any], said: str
) -> None:
    desk.sample(data={"object": OBJECT | fields})
    text = RULES.replace(
        'email: "', f'{line[: line.index(":")]}: "{line[line.index("$") :]}", email: "'
    )
    assert [one for one in desk.check(text) if one[0] != "note"] == [("warning", said)]


def test_a_number_of_no_country_is_a_warning_with_the_call_that_reads_it(desk: Desk) -> None:
    desk.sample(data={"object": OBJECT | {"phone": "030 1"}})
    said = desk.check(RULES.replace('email: "', 'phone: "${body.data.object.phone}", email: "'))
    assert "error" not in {level for level, _ in said}
    text = (
        "phone is left out of what stripe-checkout makes: it takes a number in E.164, such as"
        " +4915123456789, or an American one; write ${phone(body.data.object.phone, 'DE')}, the"
        " number and its country"
    )
    assert ("warning", text) in said


def test_what_an_element_of_for_each_has_is_told_too(desk: Desk) -> None:
    desk.sample(data={"object": {"people": [{"id": 1, "country": "Peru", "country_code": "PE"}]}})
    text = RULES.replace("once: ${body.id}", "for_each: body.data.object.people")
    text = text.replace("${body.data.object.id}", "${item.id}")
    text = text.replace('{email: "${body.data.object.email}"', '{country: "${item.country}"')
    said = [words for level, words in desk.check(text) if level == "warning"]
    assert [words.partition("; ")[2] for words in said] == ["write ${item.country_code}"]


@pytest.mark.parametrize(
    "tags, call, mend",
    [
        (
            "non-vip, b2b",
            "contains(body.tags, 'vip')",
            "contains(split(body.tags || '', ','), 'vip')",
        ),
        (
            "non-vip;b2b",
            "contains(body.tags || '', 'vip')",
            "contains(split(body.tags || '', ';'), 'vip')",
        ),
    ],
)
def test_a_part_that_is_looked_for_in_a_text_of_many_is_told(
    desk: Desk, tags: str, call: str, mend: str
) -> None:
    desk.sample(tags=tags)
    said = desk.check(RULES.replace("    once:", f'    when: "{call}"\n    once:'))
    text = f"{call} is also true for non-vip: the text is a list; write {mend}"
    assert said == [("warning", text)]
    assert desk.check(RULES.replace("    once:", f'    when: "!({mend})"\n    once:')) == []


@pytest.mark.parametrize(
    "tags",
    [
        "vip",
        ["non-vip", "b2b"],
        "Please leave it at the door, I am seldom at home before five.",
        "Hello. Gift, please.",
    ],
)
def test_a_text_that_is_no_list_and_a_list_that_is_one_are_not(desk: Desk, tags: Any) -> None:
    desk.sample(tags=tags)
    said = desk.check(
        RULES.replace("    once:", "    when: \"contains(body.tags, 'v')\"\n    once:")
    )
    assert not [words for _, words in said if "is also true" in words]


def test_of_a_sample_that_is_too_old_it_is_told_how_it_stays_young(desk: Desk) -> None:
    desk.sample(created=1)
    ((level, text),) = desk.check(LATE)
    assert level == "note"  # a saved webhook must not stop a deployment
    assert text.endswith('too late to be sent: write "@now" where its time stands (body.created)')


def test_every_file_that_is_no_sample_is_told_at_once(desk: Desk) -> None:
    desk.write("a", "{")
    desk.write("clerk-user", json.dumps(EVENT))
    ((_, text),) = desk.check()
    first, second = text.splitlines()
    assert first.startswith("events/a.json:1:")
    wrapped = '{"source": "clerk", "headers": {}, "body": ...}'
    assert second == f"events/clerk-user.json: this is a bare body: wrap it as {wrapped}"


def test_samples_of_other_sources_are_one_line(desk: Desk) -> None:
    for at in range(7):
        desk.sample(f"shop-{at}", "shopify")
    desk.sample("typo", "strpe")
    unknown = "events/typo.json: there is no source strpe; did you mean stripe?"
    assert desk.check() == [
        ("note", unknown),
        ("note", "7 samples of other sources are left out"),
    ]


@pytest.mark.parametrize(
    "expression, words",
    [
        ("body.object.id", "body.object is text in every sample; did you mean body.data.object?"),
        ("body.livemode.x", "body.livemode is true or false in every sample"),
        (
            "body.data.object.lines.sku",
            (
                "body.data.object.lines is a list in every sample;"
                " write body.data.object.lines[].sku, or body.data.object.lines[0].sku"
            ),
        ),
        (
            "body.data.object.lines[?sku == 'a'][0].sku",
            (
                "[0] behind body.data.object.lines[...] takes the first of each element,"
                " and none is a list; write ...] | [0]"
            ),
        ),
    ],
)
def test_a_path_into_what_is_no_object_is_told(desk: Desk, expression: str, words: str) -> None:
    desk.sample()
    said = desk.check(RULES.replace("body.livemode", expression))
    assert [text for level, text in said if level == "warning"] == [words]


@pytest.mark.parametrize(
    "expression, words",
    [
        (
            "body.data.object.lines[?sku == 'a'].sku",
            "email is left out: it takes an e-mail address, and is a list: a",
        ),
        (
            "body.data.object.lines[0]",
            "email is left out: it takes an e-mail address, and is an object",
        ),
    ],
)
def test_an_attribute_that_takes_one_value_and_has_many_is_a_mistake(
    desk: Desk, expression: str, words: str
) -> None:
    desk.sample()
    said = desk.check(RULES.replace("body.data.object.email", expression))
    assert any(level == "error" and words in text for level, text in said)


def test_a_sample_that_cannot_be_rendered_is_told_at_its_rule(desk: Desk) -> None:
    desk.sample(data={"object": {"id": "o-1"}})
    text = RULES.replace("    send:", "    required: [attributes.email]\n    send:")
    (desk.rules / "stripe.yaml").write_text(text)
    run = CliRunner().invoke(app, ["check", str(desk.rules), "--json"])
    rows = [row for row, line in enumerate(text.splitlines(), 1) if "- name:" in line]
    (one,) = [each for each in json.loads(run.stdout) if each["level"] == "error"]
    assert one["message"].startswith("events/stripe-checkout.json: stripe/")
    assert one["file"].endswith("stripe.yaml")
    assert one["line"] in rows
    assert "- name:" in one["text"]


def test_a_type_in_another_spelling_is_told_by_that_of_the_samples(desk: Desk) -> None:
    desk.sample()
    ((_, said), *_) = desk.check(
        RULES.replace("checkout.session.completed", "CHECKOUT_SESSION_COMPLETED")
    )
    assert said.endswith("; did you mean checkout.session.completed?")


def test_an_event_for_a_person_is_told_once(desk: Desk) -> None:
    desk.sample(customer={"id": "c-1"})
    said = desk.check(RULES.replace("${body.data.object.id}", "${body.id}"))
    (words,) = [words for _, words in said if "person" in words]
    assert words.startswith("body.id is the id of the event, and each would be a person; write")
