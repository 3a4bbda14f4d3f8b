"""All of Braze's rules on a request, each with where it is proven; the missing ones are here."""

import json
from typing import Any

import pytest

from handler.core.errors import RulesError, Unrenderable
from handler.core.rules.load import load
from tests.contract.bodies import Body, sent, written
from tests.contract.breaches import RENDERED, REQUEST
from tests.contract.breaches_of_values import VALUES
from tests.contract.test_both import refused
from tests.contract.test_limits import LIMITS

WHO = {"external_user_id": "u"}
ALIAS = {"alias_name": "a", "alias_label": "b"}
EMAIL = {"email": "a@example.org", "prioritization": ["identified"]}


def to(*recipients: Any, **top: Any) -> Body:
    return {"campaign_id": "c", "recipients": list(recipients), **top}


def canvas(*recipients: Any, **top: Any) -> Body:
    return {"canvas_id": "c", "recipients": list(recipients), **top}


# Bodies that break one rule each, and words that name it.
HERE: dict[str, tuple[Body, str]] = {
    "id and alias": (to({**WHO, "user_alias": ALIAS}), "has external_user_id and user_alias"),
    "id and e-mail": (to({**WHO, **EMAIL}), "has external_user_id and email"),
    "alias and e-mail": (to({"user_alias": ALIAS, **EMAIL}), "has user_alias and email"),
    "all three": (
        to({**WHO, "user_alias": ALIAS, **EMAIL}),
        "has external_user_id and user_alias and email",
    ),
    "no alias is made": (
        to({"user_alias": ALIAS, "send_to_existing_only": False, "attributes": {"a": 1}}),
        "no send_to_existing_only with user_alias",
    ),
    "an alias with prioritization": (
        to({"user_alias": ALIAS, "prioritization": ["identified"]}),
        "prioritization goes with email",
    ),
    "recipients of a broadcast": (
        to(WHO, broadcast=True),
        "a broadcast reaches an audience, and takes no recipients",
    ),
    "recipients of a Canvas's broadcast": (
        canvas(WHO, broadcast=True),
        "a broadcast reaches an audience, and takes no recipients",
    ),
    "neither": ({"campaign_id": "c"}, "recipients takes a list of 1 to 50 recipients"),
    "an audience alone": (
        {
            "campaign_id": "c",
            "audience": {"last_used_app": {"comparison": "after", "value": "2026-01-01"}},
        },
        "recipients takes a list of 1 to 50 recipients",
    ),
    "attachments of a broadcast": (
        {"campaign_id": "c", "broadcast": True, "attachments": []},
        "a broadcast reaches an audience, and takes no attachments",
    ),
    "attachments of a Canvas": (
        canvas(WHO, attachments=[]),
        "unknown key attachments (Braze takes attachments with a campaign only",
    ),
    "a Canvas's send_id": (
        canvas(WHO, send_id="s"),
        "unknown key send_id (Braze takes a send_id with a campaign only",
    ),
    "a Canvas's trigger_properties": (
        canvas(WHO, trigger_properties={}),
        "trigger_properties are for campaigns; a Canvas takes context",
    ),
    "both names at the top": (
        canvas(WHO, context={"a": 1}, canvas_entry_properties={"a": 1}),
        "context and canvas_entry_properties are one thing",
    ),
    "both names in a recipient": (
        canvas({**WHO, "context": {"a": 1}, "canvas_entry_properties": {"a": 1}}),
        "context and canvas_entry_properties are one thing",
    ),
    "both names, one in each": (
        canvas({**WHO, "canvas_entry_properties": {"a": 1}}, context={"a": 1}),
        "context and canvas_entry_properties are one thing",
    ),
    "both names, of two recipients": (
        canvas(
            {**WHO, "context": {"a": 1}},
            {"external_user_id": "v", "canvas_entry_properties": {"a": 1}},
        ),
        "context and canvas_entry_properties are one thing",
    ),
    "a recipient's segment_id": (to({**WHO, "segment_id": "s"}), "Braze takes no segment_id here"),
    "a recipient's api_key": (to({**WHO, "api_key": "k"}), "the relay adds the API key itself"),
    "a Canvas's api_key": (canvas(WHO, api_key="k"), "the relay adds the API key itself"),
    "a Canvas's segment_id": (canvas(WHO, segment_id="s"), "Braze takes no segment_id here"),
    "a recipient's phone": (to({"phone": "+1"}), "Braze finds nobody by phone here"),
    "a recipient is an object": (to("u"), "a recipient is an object"),
    "a recipient's properties": (to({**WHO, "trigger_properties": []}), "takes an object"),
    "blank send_id": (to(WHO, send_id=" "), "send_id takes text"),
}
# What is only known of a value: the event is not sent, and says why.
BLANK: dict[str, tuple[Body, str]] = {
    "a blank id": (to({"external_user_id": " "}), "external_user_id: it is missing"),
    "a blank alias": (
        to({"user_alias": {"alias_name": "", "alias_label": "b"}}),
        "user_alias.alias_name: it is missing",
    ),
    "a blank address": (to({**EMAIL, "email": ""}), "email: it is missing"),
    "twice the same": (to(WHO, WHO), "recipients have the same identifier"),
}
# Braze's rules, each with all that breaks it.
RULES: dict[str, list[str]] = {
    "exactly one identifier": [
        *("one identifier", "some identifier", "id and alias", "id and e-mail"),
        *("alias and e-mail", "all three", "no braze_id", "no external_id", "a recipient's phone"),
    ],
    "identifiers are not blank": ["a blank id", "a blank alias", "a blank address"],
    "creation needs attributes": ["creation has attributes", "creation has some attributes"],
    "no creation by alias": ["an alias exists already", "no alias is made"],
    "prioritization with an e-mail, and only then": [
        *("email is prioritized", "only email is prioritized", "an alias with prioritization"),
        *("prioritization is a list", "prioritization is not empty", "prioritization is known"),
        *("identified or not", "recency once"),
    ],
    "recipients or a broadcast": [
        *("recipients are given", "recipients are some", "recipients of a broadcast"),
        *("recipients of a Canvas's broadcast", "neither", "an audience alone"),
    ],
    "attachments of campaigns to recipients": [
        *("attachments of a broadcast", "attachments of a Canvas", "attachments are a list"),
        *("an attachment has a name", "an attachment has a url", "an attachment has no more"),
    ],
    "one name for a Canvas's properties": [
        *("both names at the top", "both names in a recipient", "both names, one in each"),
        "both names, of two recipients",
    ],
    "50 recipients": ["recipients are 50"],
    "nobody twice": ["twice the same"],
    "50 KB of properties": ["shared properties", "own properties", "merged properties", "context"],
    "properties are an object": ["properties are an object", "a recipient's properties"],
    "987 bytes of an id": ["external_user_id"],
    "236 bytes of an alias": ["alias_name", "alias_label"],
    "64 characters of ASCII in a send_id": ["send_id is ASCII", "send_id is short", "send_id"],
    "255 characters of a name": [
        "attribute names are short",
        "attribute's name",
        "name in an object",
    ],
    "255 characters of a text": [
        *("text", "long", "text in an object", "text in a list", "a field's text", "last_name"),
    ],
    "100 KB of an object": ["large", "object", "list of objects"],
    "500 items of a list": ["list"],
    "an audience's grammar": [
        it for it in REQUEST if it.startswith(("AND", "OR", "a filter", "an audience"))
    ],
    "no api_key": ["no api_key", "a Canvas's api_key", "a recipient's api_key"],
    "no segment_id": ["no segment_id", "a Canvas's segment_id", "a recipient's segment_id"],
    "no identifiers among attributes": [
        it for it in RENDERED if it.startswith("attributes have no")
    ],
    "a campaign's keys are no Canvas's": [
        *("a Canvas's send_id", "a Canvas's trigger_properties", "context is for Canvases"),
    ],
    "nothing unknown": ["no unknown key", "no messages", "no schedule", "no user_aliases"],
}
TABLES = (HERE, BLANK, REQUEST, RENDERED, VALUES, LIMITS)


def test_every_rule_is_proven_and_every_case_of_here_is_of_a_rule() -> None:
    known = {name for table in TABLES for name in table}
    named = {name for names in RULES.values() for name in names}
    assert named <= known
    assert all(RULES.values())
    assert {*HERE, *BLANK, *LIMITS} - named <= {
        "a recipient is an object",
        "blank send_id",
        "device_id",
    }


@pytest.mark.parametrize("name", HERE)
def test_a_rule_that_is_broken_in_the_file_is_named(name: str) -> None:
    body, words = HERE[name]
    with pytest.raises(RulesError) as raised:
        load("shop", written(body, allow_broadcast=True), "shop.yaml", "dev")
    assert words in str(raised.value)


@pytest.mark.parametrize("name", BLANK)
def test_a_value_that_names_nobody_is_never_sent(name: str) -> None:
    body, words = BLANK[name]
    with pytest.raises(Unrenderable) as raised:
        sent(written(body), {}, [])
    assert words in str(raised.value)


@pytest.mark.parametrize("name", [*HERE, *BLANK])
def test_the_simulated_braze_refuses_the_same(name: str) -> None:
    body = {**HERE, **BLANK}[name][0]
    # Braze's page: of two equal recipients one gets the message. The relay lets neither be lost.
    assert bool(refused(json.loads(json.dumps(body)))) == (name != "twice the same")
