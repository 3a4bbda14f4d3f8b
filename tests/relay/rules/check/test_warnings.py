"""Warnings: they tell what is legal in a rules file and seldom meant, and nothing else."""

from typing import Any

import pytest

from handler.core.configuration import yaml12
from handler.core.models import Verified, Webhook
from handler.core.rules.load import load
from handler.core.rules.source import Source
from relay.rules.check.event_ids import by_samples
from relay.rules.check.warnings import (
    empty_values,
    foreign_words,
    shared_secrets,
    unseen_paths,
    warnings,
)
from relay.rules.webhooks import events

RULE = """\
  - name: confirm
    type: orders/create
    once: ${body.id}
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${body.id}
          send_to_existing_only: false
          attributes:
            email: ${body.email}
            city: ${body.city}
"""
FILE = f"verify: {{preset: shopify}}\nrules:\n{RULE}"
SIGNED = FILE.replace("preset: shopify", "preset: standard_webhooks")
HAND = FILE.replace(
    "verify: {preset: shopify}",
    """verify:
  encoding: hex
  signature: {header: X-Signature, format: prefix, prefix: "sha256="}
event: {type: body.type, type_signed: true, id: body.event_id}""",
)
UNTIMED = FILE.replace("rules:", "event: {occurred_at: null}\nrules:")
CITY = "            city: ${body.city}\n"
TWO = FILE + RULE.replace("confirm", "welcome").replace("orders", "customers")
BODY: dict[str, Any] = {
    "id": 1,
    "city": "Oslo",
    "email": None,
    "customer": None,
    "lines": [{"sku": "a"}, {"sku": "b", "tax": {"rate": 1}}],
    "rows": {"0": {"sku": "a"}, "2": {"sku": "b"}},
}


def shop(text: str) -> Source:
    return load("shop", text, "shop.yaml", "dev")


def told(text: str) -> list[tuple[str, str]]:
    source = shop(text)
    preset = "shopify" if "preset: shopify" in text else "other"
    return [(".".join(map(str, path)), words) for path, words in warnings(source, preset)]


def attributes(line: str) -> str:
    return FILE.replace(CITY, f"{CITY}            {line}\n")


def narrowed(comparison: str) -> str:
    block = f"custom_attribute_name: comparison, comparison: {comparison}, value: true"
    audience = f"{{AND: [{{custom_attribute: {{{block}}}}}]}}"
    return FILE.replace("      recipients:", f"      audience: {audience}\n      recipients:")


@pytest.mark.parametrize(
    "written, found, meant",
    [
        ("Hi {first_name}!", "{first_name}", "${body.first_name}"),
        ("Hi #{customer.name}!", "#{customer.name}", "${body.customer.name}"),
        ("Hi %{body.name}, it is ${body.id}", "%{body.name}", "${body.name}"),
        ("Hi <%= name %>!", "<%= name %>", "${body.name}"),
        ("Hi <% if x then %>!", "<% if x then %>", "${body.x}"),
        ("Order $.data.id", "$.data.id", "${body.data.id}"),
    ],
)
def test_a_placeholder_of_another_language_within_a_text_is_told(
    written: str, found: str, meant: str
) -> None:
    text = attributes(f"note: '{written}'")
    (said,) = [words for path, words in told(text) if path.endswith("attributes.note")]
    assert said == f"{found} is sent as it stands; the event's value is {meant}"


@pytest.mark.parametrize(
    "line, said",
    [
        (
            "country: Germany",
            (
                "country: it takes two letters of ISO 3166-1, such as DE, and not Germany;"
                " did you mean DE?"
            ),
        ),
        ("country: UK", "such as DE, and not UK; did you mean GB?"),
        ("country: \"${body.land || 'Germny'}\"", "and not Germny; did you mean DE?"),
        ("country: Elbonia", "such as DE, and not Elbonia"),
        (
            "time_zone: Berlin",
            (
                "time_zone: it takes a time zone's name, such as Europe/Berlin, and not Berlin;"
                " did you mean Europe/Berlin?"
            ),
        ),
        ("time_zone: GMT-05:00", "such as Europe/Berlin, and not GMT-05:00"),
        (
            "phone: 030 1",
            (
                "phone: it takes a number in E.164, such as +4915123456789, or an American one,"
                " and not 030 1"
            ),
        ),
    ],
)
def test_a_literal_that_braze_would_not_take_is_told_with_what_was_meant(
    line: str, said: str
) -> None:
    name = line.partition(":")[0]
    words = [text for path, text in told(attributes(line)) if path.endswith(f"attributes.{name}")]
    assert any(text.endswith(said) for text in words), words


@pytest.mark.parametrize("line", ["country: DE", "time_zone: Europe/Berlin", "country: de"])
def test_a_literal_that_braze_takes_is_not(line: str) -> None:
    assert told(attributes(line)) == told(FILE)


@pytest.mark.parametrize(
    "call, mend",
    [
        ("contains(body.tags, 'vip')", "contains(split(body.tags || '', ','), 'vip')"),
        (
            "contains(body.customer.tags || '', 'vip')",
            "contains(split(body.customer.tags || '', ','), 'vip')",
        ),
    ],
)
def test_tags_of_shopify_are_a_text_of_many(call: str, mend: str) -> None:
    text = f"{call} is also true for non-vip: the text is a list; write {mend}"
    when = FILE.replace("    once:", f'    when: "{call}"\n    once:')
    assert ("rules.0.when", text) in told(when)
    assert ("rules.0.when", text) not in told(when.replace("preset: shopify", "preset: clerk"))
    assert not [it for it in told(when.replace(call, mend)) if "also true" in it[1]]


@pytest.mark.parametrize("written", ["US$5.00", "a {} b", "{a: 1}", "50 % {off, now}", "<b>x</b>"])
def test_a_text_that_only_looks_like_a_placeholder_is_not(written: str) -> None:
    assert not [it for it in told(attributes(f"note: '{written}'")) if it[0].endswith("note")]


@pytest.mark.parametrize("name", ["email", "phone"])
@pytest.mark.parametrize(
    "value, text",
    [
        ("orders@shop.example", "orders@shop.example"),
        ("${'orders@shop.example'}", "'orders@shop.example'"),
        ("${vars.box}", "vars.box"),
        ("${coalesce(body.email, 'x@shop.example')}", "'x@shop.example'"),
    ],
)
def test_an_address_that_many_profiles_would_share_is_told(
    name: str, value: str, text: str
) -> None:
    file = FILE.replace("rules:", "vars: {dev: {box: a@shop.example}}\nrules:", 1)
    file = file.replace("            email: ${body.email}\n", f'            {name}: "{value}"\n')
    said = [words for path, words in told(file) if path.endswith(f"attributes.{name}")]
    assert f"every profile would get the {name} {text}: leave it out" in said


@pytest.mark.parametrize(
    "text, path, words",
    [
        (TWO, "verify", "can be played again as orders/create, customers/create; tie each type"),
        (TWO.replace("orders/create", "[o/1, o/2, o/3, o/4]"), "verify",
         "can be played again as o/1, o/2, o/3, and 2 more; tie each type"),
        (FILE.replace("orders/create", "orders.create"), "rules.0.type",
         "shopify sends no type orders.create: its types are written with a /"),
        (FILE.replace("    once: ${body.id}\n", "").replace("s/create", "s/*"), "rules.0.type",
         "without once each of these types sends for itself"),
        (FILE.replace("    once: ${body.id}\n", "").replace("orders/create", "returns/close"),
         "rules.0.type", "same bytes are taken for a repeat for 24 h"),
        (FILE.replace("${body.id}\n    send", "x-${id}\n    send").replace("s/create", "s/delete"),
         "rules.0.type", "an event orders/delete has no id"),
        (FILE.replace("    once: ${body.id}\n", "")
         .replace("orders/create", "customers_email_marketing_consent/update"), "rules.0.type",
         "an event customers_email_marketing_consent/update has no id"),
        (FILE.replace("    once: ${body.id}\n", "").replace("orders/create", "customer.tags_added"),
         "rules.0.type", "an event customer.tags_added has no id"),
        (FILE.replace("    once: ${body.id}\n", "").replace("preset: shopify", "preset: github")
         .replace("orders/create", "issues"), "rules.0.type", "the digest of its body"),
        (FILE.replace("    once: ${body.id}\n", "").replace("s/create", "s/updated"),
         "rules.0.type", "orders/updated sends again at each change"),
        (UNTIMED.replace("    send:", "    expires_after: 6h\n    send:"), "rules.0.expires_after",
         "the sender signs no time"),
        (FILE.replace("    send:", "    when: headers.x-shopify-shop-domain == 'a'\n    send:")
         .replace("x-shopify-shop-domain", '"x-shopify-shop-domain"'), "rules.0.when",
         "when reads x-shopify-shop-domain: the sender does not sign it"),
        (FILE.replace("orders/create", "orders/create orders/paid"), "rules.0.type",
         "a list of types is written [orders/create, orders/paid]"),
        (SIGNED.replace("orders/create", "'a, b'"), "rules.0.type",
         "a list of types is written [a, b]"),
        (attributes("$price: 1"), "rules.0.send.recipients.0.attributes.$price",
         "Braze takes no $ and no dot in a name"),
        (attributes("phone: ${body.phone}"), "rules.0.send.recipients.0.attributes.phone",
         "Braze takes a number without + for an American one; write ${phone("),
        (attributes("phone: +49${body.phone}"), "rules.0.send.recipients.0.attributes.phone",
         "Braze takes a number without +"),
        (attributes("phone: ${phone(body.a, 'DE') || body.b}"),
         "rules.0.send.recipients.0.attributes.phone", "Braze takes a number without +"),
        (attributes("phone: ${replace(body.phone, ' ', '')}"),
         "rules.0.send.recipients.0.attributes.phone", "Braze takes a number without +"),
        (attributes("_merge_objects: true"), "rules.0.send.recipients.0.attributes._merge_objects",
         "Braze documents it for /users/track only"),
        (attributes("subscription_groups: []").replace("campaign_id", "canvas_id"),
         "rules.0.send.recipients.0.attributes.subscription_groups", "Braze's page on Canvases"),
        (narrowed("does_not_equal"),
         "rules.0.send.audience.AND.0.custom_attribute.comparison",
         "Braze's page no longer has does_not_equal; write not_equal"),
        (attributes("name: 'Hi {{ body.name }}'"), "rules.0.send.recipients.0.attributes.name",
         "the event's value is ${body.name}"),
        (attributes("name: '{{customer.first_name}}'"),
         "rules.0.send.recipients.0.attributes.name",
         "the event's value is ${body.customer.first_name}"),
        (attributes("name: \"Hi {{ first_name | default: 'you' }}\""),
         "rules.0.send.recipients.0.attributes.name", "the event's value is ${body.first_name}"),
        (attributes("name: 'Hi {{$${first_name}}}'"), "rules.0.send.recipients.0.attributes.name",
         "{{${first_name}}} is sent as it stands"),
        (attributes("name: '{% if a %}'"), "rules.0.send.recipients.0.attributes.name",
         "{% if a %} is sent as it stands"),
        (attributes("firstName: ${body.name}"),
         "rules.0.send.recipients.0.attributes.firstName",
         "firstName is an attribute of its own; the profile's is first_name"),
        (attributes("TimeZone: ${body.zone}"), "rules.0.send.recipients.0.attributes.TimeZone",
         "the profile's is time_zone"),
        (attributes("fist_name: ${body.name}"),
         "rules.0.send.recipients.0.attributes.fist_name", "the profile's is first_name"),
        (attributes("note: '`Hi ${body.name}`'"), "rules.0.send.recipients.0.attributes.note",
         "the backticks around this text are sent as well"),
        (attributes('note: "${body.name}}"'), "rules.0.send.recipients.0.attributes.note",
         "a } behind ${...} is sent as well: one of them is too many"),
        (attributes("custom_attributes: {vip: true}"),
         "rules.0.send.recipients.0.attributes.custom_attributes",
         "attributes of your own stand beside the others, without custom_attributes"),
        (HAND.replace("sha256=", "sha256"), "verify.signature",
         "the prefix sha256 has no sign behind it; of sha256=5d41... it is sha256="),
        (attributes("name: '{{1.name}}'"), "rules.0.send.recipients.0.attributes.name",
         "the event's value is ${body.name}"),
        (attributes("name: '{{ $json.name }}'"), "rules.0.send.recipients.0.attributes.name",
         "the event's value is ${body.name}"),
        (FILE.replace("orders/create", '"orders/.*"'), "rules.0.type",
         "orders/.* is a glob, and no regular expression; write orders/*"),
        (FILE.replace("orders/create", "\u201corders/create\u201d"), "rules.0.type",
         "the quotes are part of the type"),
        (FILE.replace("orders/create", '"orders/create|orders/paid"'), "rules.0.type",
         "a list of types is written [orders/create, orders/paid]"),
        (FILE.replace("      recipients:", "      trigger_properties: {a: '{{body.name}}'}\n"
                      "      recipients:"),
         "rules.0.send.trigger_properties.a",
         "{{body.name}} is sent as it stands: Braze fills in Liquid in the message"),
    ],
)  # fmt: skip
def test_what_is_seldom_meant_is_told_with_its_place(text: str, path: str, words: str) -> None:
    ((where, why),) = told(text)
    assert where == path
    assert words in why


@pytest.mark.parametrize(
    "text",
    [
        FILE,
        SIGNED,
        FILE.replace("orders/create", "[orders/create, orders/paid]"),
        FILE.replace("    send:", "    expires_after: 6h\n    send:"),
        TWO.replace("rules:", 'event: {bind: {"*": "starts_with(body.kind, type)"}}\nrules:')
        .replace(", type)", ", 'a')"),
        SIGNED + RULE.replace("confirm", "welcome").replace("orders", "customers"),
        FILE.replace("existing_only: false", "existing_only: true"),
        SIGNED.replace("orders/create", "Order Completed"),
        attributes("subscription_groups: []"),
        SIGNED.replace("    send:", "    when: headers.\"webhook-id\" != 'a'\n    send:"),
        attributes("size: {width: 1}"),
        attributes('note: "{${body.a}}"'),
        HAND,
        HAND.replace('format: prefix, prefix: "sha256="', "format: plain"),
        narrowed("not_equal"),
        attributes("phone: ${phone(body.phone, body.country)}"),
        attributes("phone: ${coalesce(phone(body.a, 'DE'), phone(body.b, 'DE'))}"),
        attributes("phone: \"${if(body.a, phone(body.phone, 'DE'), `null`)}\""),
        attributes("phone: null"),
        attributes("shop_phone: ${body.phone}"),
        attributes("phone2: ${body.phone}"),
        attributes("lastName2: ${body.name}"),
        SIGNED.replace("orders/create", '"user.*"'),
    ],
)  # fmt: skip
def test_what_is_meant_is_not_told(text: str) -> None:
    assert told(text) == []


def test_a_type_whose_sample_has_no_id_is_told_where_its_rule_has_no_once() -> None:
    text = FILE.replace("s/create", "s/paid")
    bodies = [b'{"id": 1}', b'{"id": 1, "updated_at": "2026-01-01T00:00:00Z"}']
    for once, body, said in [("", bodies[0], 1), ("", bodies[1], 0), ("${body.id}", bodies[0], 0)]:
        source = shop(text.replace("    once: ${body.id}\n", f"    once: {once}\n" if once else ""))
        webhook = Webhook("shop", "POST", {"x-shopify-topic": "orders/paid"}, "", body, 1)
        seen = events(Verified(webhook), source)
        assert len(list(by_samples(source, "shopify", seen))) == said


def unseen(expression: str, body: Any = BODY, event_type: str = "orders/create") -> list[str]:
    source = shop(attributes(f'x: "${{{expression}}}"'))
    return [words for _, words in unseen_paths(source, {event_type: [{"body": body}]})]


@pytest.mark.parametrize(
    "expression, words",
    [
        ("body.emial", "no sample event has body.emial; did you mean email?"),
        ("lower(body.emial)", "no sample event has body.emial; did you mean email?"),
        ("body.lines[0].skou", "no sample event has body.lines[].skou; did you mean sku?"),
        ("body.lines[].tax.rat", "no sample event has body.lines[].tax.rat; did you mean rate?"),
        ("body.lines[?skou == 'a']", "no sample event has body.lines[].skou; did you mean sku?"),
        ("body.lines[?sku == root().body.zip]", "no sample event has body.zip"),
        ("body.lines[0:1].{a: skou}", "no sample event has body.lines[].skou; did you mean sku?"),
        ("sort_by(body.lines, &pos)[0]", "no sample event has body.lines[].pos"),
        ("body | zip", "no sample event has body.zip"),
        ("body.lines.length", "body.lines has no length of its own; write length(body.lines)"),
        ("body.city.size", "body.city has no size of its own; write length(body.city)"),
        ("body.city[0:3]", "body.city is text, and [a:b] takes a part of a list alone"),
        ("body.rows[:1].sku", "body.rows is an object, and [a:b] takes a part of a list alone"),
        ("body.city[0]", "body.city is text, and [0] takes the first of a list"),
        ("body.lines[0].tax[0]", ("body.lines[].tax is an object, and [0] takes the first of a"
         " list; behind a filter write | [0]")),
        ("body.lines[?sku == 'a'].sku[0]", ("body.lines[].sku is text, and [0] takes the first of a"
         " list; behind a filter write | [0]")),
        *((f"body.rows{of_list}", ("body.rows is an object in every sample, and [] and [?...] take"
           " lists alone; its values are body.rows.*"))
          for of_list in ("[].sku", "[*].sku", "[?sku == 'a']", "[?sku == 'a'].sku | [0]")),
        ("body.city[]", "body.city is text in every sample, and [] and [?...] take lists alone"),
        ("body.lines[].*.rte", "no sample event has body.lines[].*.rte; did you mean rate?"),
    ],
)  # fmt: skip
def test_a_path_that_no_sample_has_is_told(expression: str, words: str) -> None:
    assert unseen(expression) == [words]


@pytest.mark.parametrize(
    "expression",
    ["body.email", "body.lines[].tax.rate", "body.customer.name", "body.lines[-1].tax",
     "body.lines[?tax].sku | [0]", "map(&tax.rate, body.lines)", "source", "'a'"],
)  # fmt: skip
def test_a_path_that_a_sample_has_or_cannot_tell_of_is_not_told(expression: str) -> None:
    assert unseen(expression) == []


@pytest.mark.parametrize(
    "expression",
    [
        "body.lines[].{a: sku, b: body.city}",
        "body.lines[?sku == body.city]",
        "map(&body.city, body.lines)",
    ],
)
def test_a_path_of_the_event_within_a_list_is_told_with_root(expression: str) -> None:
    words = "within body.lines[] body is a field of each element; write root().body.city"
    assert unseen(expression) == [words]
    assert unseen(expression.replace("body.city", "root().body.city")) == []


@pytest.mark.parametrize(
    "expression, words",
    [
        ("contains('DE,FR', body.zip)", "did you mean contains(body.zip, 'DE,FR')?"),
        ("if(to_number(body.zip), 'a', 'b')", "write to_number(body.zip) > `0`"),
    ],
)
def test_what_may_be_meant_and_seldom_is_has_a_warning(expression: str, words: str) -> None:
    ((path, said),) = told(attributes(f'x: "${{{expression}}}"'))
    assert path == "rules.0.send.recipients.0.attributes.x"
    assert words in said


def test_a_phone_number_is_told_by_the_path_that_is_written() -> None:
    ((_, said),) = told(attributes('phone: "${body.tel}"'))
    assert "write ${phone(body.tel, 'DE')}, the number and its country (such as 'DE')" in said


def test_without_a_sample_that_the_rule_is_for_nothing_is_told() -> None:
    assert unseen("body.emial", event_type="orders/paid") == []


def test_a_path_within_an_item_is_followed_too() -> None:
    text = FILE.replace("    once: ${body.id}\n", "    for_each: body.lines\n")
    source = shop(text.replace("${body.email}", "${item.skou}"))
    ((path, words),) = unseen_paths(source, {"orders/create": [{"body": BODY}]})
    assert words == "no sample event has item.skou; did you mean sku?"
    assert path == ("rules", 0, "send", "recipients", 0, "attributes", "email")


def test_a_list_that_is_an_object_in_one_sample_is_told() -> None:
    source = shop(attributes('x: "${body.rows[].sku}"'))
    bodies: list[Any] = [{**BODY, "rows": one} for one in (BODY["lines"], BODY["rows"], None)]
    ((_, words),) = unseen_paths(source, {"orders/create": [{"body": one} for one in bodies]})
    assert words == (
        "body.rows is an object in a sample, and [] and [?...] take lists alone; its values are"
        " body.rows.*"
    )


def test_two_sources_that_share_a_secret_are_named() -> None:
    shops = "sources: {tea: {secret: app}, coffee: {secret: app}, milk: {}}\nrules:"
    text = TWO.replace("rules:", shops, 1)
    sources = [load(name, text, "f", "dev") for name in ("tea", "coffee", "milk")]
    (said,) = shared_secrets(sources)
    assert said.startswith("tea and coffee share the signing secret app: a webhook of one can be")


@pytest.mark.parametrize(
    "line, words",
    [
        ("vip: yes", "yes is text here; write true, or 'yes' where the text is meant"),
        ("vip: Off", "Off is text here; write false, or 'Off' where the text is meant"),
        ("vip: None", "None is text here; write null, or 'None' where the text is meant"),
        ("vip: 'yes'", None),
        ("vip: true", None),
        ("language: no", None),
    ],
)
def test_a_word_that_other_yaml_reads_as_a_boolean_is_told(line: str, words: str | None) -> None:
    found = dict(foreign_words(yaml12.load(attributes(line), "f")))
    path = ("rules", 0, "send", "recipients", 0, "attributes", "vip")
    assert found == ({path: words} if words else {})


@pytest.mark.parametrize("line", ["vip:", "vip: # from the form"])
def test_a_key_without_a_value_is_told_for_it_deletes(line: str) -> None:
    ((path, words),) = empty_values(yaml12.load(attributes(line), "f"))
    assert path == ("rules", 0, "send", "recipients", 0, "attributes", "vip")
    assert words == "vip has no value, which is null and deletes; write null to say so"


@pytest.mark.parametrize("line", ["vip: null", "vip: ''", "vip: ~"])
def test_a_null_that_is_written_is_meant(line: str) -> None:
    assert list(empty_values(yaml12.load(attributes(line), "f"))) == []


def test_a_value_within_liquid_is_told_once_with_the_liquid() -> None:
    ((_, words),) = told(attributes("note: '{{ $${x} }}'"))
    assert words.startswith("{{ ${x} }} is sent as it stands: Braze fills in Liquid in the message")


TIMED = "is a time, and two events of one second would be sent once; say what it is the time of"


@pytest.mark.parametrize(
    "once, time",
    [
        ("${body.updated_at}", "body.updated_at"),
        ("${text(body.order.updatedAt)}", "body.order.updatedAt"),
        ("${source}-${body.updated_at}", "body.updated_at"),
        ("${time(occurred_at)}", "occurred_at"),
        ("${coalesce(body.changed_at, body.created_at)}", "body.changed_at"),
    ],
)
def test_a_bare_time_does_not_say_what_happens_once(once: str, time: str) -> None:
    ((path, words),) = told(FILE.replace("${body.id}", once, 1))
    assert path == "rules.0.once"
    assert words == f"{time} {TIMED}, as in ${{body.id}}-${{{time}}}"


@pytest.mark.parametrize(
    "once",
    [
        "${body.email}",
        "${body.id}-${body.updated_at}",
        "${concat(body.id, '@', text(body.updated_at))}",
        "${coalesce(body.change, body.updated_at)}",
        "${body.candidate}",
    ],
)
def test_what_is_more_than_a_time_may_say_what_happens_once(once: str) -> None:
    assert told(FILE.replace("${body.id}", f'"{once}"', 1)) == []


def test_a_time_is_no_person_and_no_id_of_an_event() -> None:
    text = HAND.replace("id: body.event_id", "id: body.sent_on, occurred_at: body.sent_on")
    text = text.replace("external_user_id: ${body.id}", "external_user_id: ${body.created_at}")
    assert dict(told(text)) == {
        "event.id": (
            "body.sent_on is a time, and two events of one second would be one;"
            " write concat(text(body.id), '@', text(body.sent_on))"
        ),
        "rules.0.send.recipients.0.external_user_id": (
            "body.created_at is a time, and no person; write what of the event says who it is,"
            " as in ${body.customer.id}"
        ),
    }


def identified(identifier: str, event_id: str = "body.event_id", kind: str = "order") -> str:
    text = HAND.replace("external_user_id: ${body.id}", f"external_user_id: {identifier}")
    return text.replace("id: body.event_id", f"id: {event_id}").replace("orders/create", kind)


@pytest.mark.parametrize(
    "text, read",
    [
        (identified("${body.event_id}"), "body.event_id"),
        (identified("${text(body.event_id)}"), "body.event_id"),
        (identified("shop-${body.event_id}"), "body.event_id"),
        (identified("${id}"), "id"),
        (identified("${body.id}", "text(body.id)"), "body.id"),
        (identified("${id}", "\"concat(body.id, '@', body.at)\""), "id"),
        (identified("${body.user_event_id}", "body.user_event_id", "user"), "body.user_event_id"),
    ],
)
def test_the_id_of_an_event_is_no_person(text: str, read: str) -> None:
    assert dict(told(text)) == {
        "rules.0.send.recipients.0.external_user_id": (
            f"{read} is the id of the event, and each would be a person; write what of it says who"
            " it is, as in ${body.customer.id}"
        )
    }


def test_the_id_of_a_presets_events_is_no_person_whatever_their_type() -> None:
    text = FILE.replace("preset: shopify", "preset: stripe").replace("orders/create", "customer.x")
    assert [words for _, words in warnings(shop(text), "stripe") if "id of the event" in words]


@pytest.mark.parametrize(
    "text",
    [
        identified("${body.id}", "body.id", "user.signup"),
        identified("${body.user_id}", "body.user_id"),
        identified("${body.event_id}-${body.customer.id}"),
        identified("${body.customer.id}"),
        FILE.replace("orders/create", "customers/create"),
    ],
)
def test_an_id_that_may_be_a_persons_is_not_told(text: str) -> None:
    assert told(text) == []


PAID = "body.total_price_set.presentment_money"


@pytest.mark.parametrize(
    "value, amount, currency",
    [
        (f"${{{PAID}.amount}} ${{body.currency}}", f"{PAID}.amount", "body.currency"),
        (
            "Paid: ${body.total_price} ${body.presentment_currency}",
            "body.total_price",
            "body.presentment_currency",
        ),
        (
            "${body.presentment_currency} ${body.current_total_price}",
            "body.current_total_price",
            "body.presentment_currency",
        ),
        (
            f"${{money(body.total_price, {PAID}.currency_code)}}",
            "body.total_price",
            f"{PAID}.currency_code",
        ),
        (
            f"${{concat({PAID}.amount, ' ', body.currency)}}",
            f"{PAID}.amount",
            "body.currency",
        ),
    ],
)
def test_an_amount_in_the_currency_of_other_money_is_told(
    value: str, amount: str, currency: str
) -> None:
    (said,) = told(attributes(f'total: "{value}"'))
    assert said[0] == "rules.0.send.recipients.0.attributes.total"
    assert said[1].startswith(f"{amount} is no amount in {currency}: take both from presentment")


@pytest.mark.parametrize(
    "value",
    [
        f"${{{PAID}.amount}} ${{{PAID}.currency_code}}",
        "${body.total_price} ${body.currency}",
        f"${{body.total_price}} ${{body.currency}} (${{{PAID}.amount}} ${{{PAID}.currency_code}})",
        "${body.total_price}",
    ],
)
def test_an_amount_in_its_own_currency_is_right(value: str) -> None:
    assert told(attributes(f'total: "{value}"')) == []


def test_of_other_senders_nobody_knows_whose_money_it_is() -> None:
    text = attributes('total: "${body.total_price} ${body.presentment_currency}"')
    source = shop(text.replace("preset: shopify", "preset: standard_webhooks"))
    assert [it for _, it in warnings(source, "other") if "no amount" in it] == []


STATE = """\
verify: {preset: shopify}
rules:
  - name: profile
    type: TYPES
    track:
      attributes:
        - external_id: ${body.id}
          _update_existing_only: true
          size: ${body.size}
"""


@pytest.mark.parametrize("types", ["customers/update", "inventory_levels/update", "'customers/*'"])
def test_a_state_may_be_written_at_each_change(types: str) -> None:
    assert told(STATE.replace("TYPES", types)) == []


@pytest.mark.parametrize("kind", ["customer.joined_segment", "customer.tags_removed"])
def test_the_topics_of_shopify_without_a_slash_are_topics_of_its_own(kind: str) -> None:
    assert [words for _, words in told(FILE.replace("orders/create", kind)) if kind in words] == []


@pytest.mark.parametrize("kind", ["action.woocommerce_order_status_processing", "order.deleted"])
def test_woocommerces_deletions_and_actions_have_no_id(kind: str) -> None:
    text = FILE.replace("preset: shopify", "preset: woocommerce").replace("orders/create", kind)
    source = load("shop", text.replace("    once: ${body.id}\n", ""), "shop.yaml", "dev")
    said = [words for _, words in warnings(source, "woocommerce")]
    assert any(words.startswith(f"an event {kind} has no id but the digest") for words in said)
