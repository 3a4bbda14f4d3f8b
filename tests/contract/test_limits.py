"""Each limit of Braze's: what is just at it passes unchanged, one more does not, and is named."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from handler.core.braze.request import encode_request, request
from handler.core.errors import RulesError, Unrenderable
from handler.core.message import MAX_BYTES, encode
from relay.simulated_braze.app import MAX_BODY
from relay.simulated_braze.contract.body import bad_attributes
from tests.contract.bodies import Body, of_event, sent, written
from tests.contract.test_both import refused
from tests.contract.way import made


class Limit(NamedTuple):
    """A body with `n` of something, the most of it, and words of the refusal."""

    body: Callable[[int], Body]
    most: int
    words: str


def to(**fields: Any) -> Body:
    return {"campaign_id": "c", "recipients": [{"external_user_id": "u", **fields}]}


def of(name: str, value: Callable[[int], Any]) -> Callable[[int], Body]:
    return lambda n: to(attributes={"vip": True, name: value(n)})


def aliased(**changed: str) -> Body:
    alias = {"alias_name": "n", "alias_label": "l", **changed}
    return {"campaign_id": "c", "recipients": [{"user_alias": alias}]}


def octets(n: int) -> str:
    """Return text of `n` bytes, of fewer characters."""
    return "é" * (n // 2) + "x" * (n % 2)


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def nested(n: int) -> Body:
    """Return an object whose compact JSON has `n` bytes."""
    whole = {f"{at:03}": "x" * 250 for at in range(395)}
    whole["last"] = ""
    whole["last"] = octets(n - size(whole))
    return whole


def properties(n: int) -> Body:
    """Return properties whose compact JSON has `n` bytes."""
    return {"a": octets(n - size({"a": ""}))}


LIMITS = {
    "send_id": Limit(lambda n: {**to(), "send_id": "x" * n}, 64, "64 characters at most"),
    "external_user_id": Limit(
        lambda n: {"campaign_id": "c", "recipients": [{"external_user_id": octets(n)}]},
        987,
        "external_user_id: it is longer than 987 bytes",
    ),
    "alias_name": Limit(
        lambda n: aliased(alias_name=octets(n)), 236, "it is longer than 236 bytes"
    ),
    "alias_label": Limit(
        lambda n: aliased(alias_label=octets(n)), 236, "it is longer than 236 bytes"
    ),
    "attribute's name": Limit(
        lambda n: to(attributes={"x" * n: 1}), 255, "names of attributes have 1 to 255 characters"
    ),
    "name in an object": Limit(
        of("size", lambda n: {"x" * n: 1}), 255, "names in an object have 1 to 255 characters"
    ),
    "text": Limit(of("note", lambda n: "é" * n), 255, "text has 255 characters at most"),
    "text in an object": Limit(of("size", lambda n: {"a": ["x" * n]}), 255, "255 characters at"),
    "text in a list": Limit(of("tags", lambda n: ["x" * n]), 255, "255 characters at most"),
    "a field's text": Limit(of("first_name", lambda n: "é" * n), 255, "text of 255 characters"),
    "list": Limit(of("tags", lambda n: [*range(n)]), 500, "a list has 500 items at most"),
    "object": Limit(of("size", nested), 102_400, "102,400 bytes at most"),
    "list of objects": Limit(
        of("orders", lambda n: [nested(n - 2)]), 102_400, "102,400 bytes at most"
    ),
    "device_id": Limit(
        of("push_tokens", lambda n: [{"app_id": "a", "token": "t", "device_id": octets(n)}]),
        255,
        "a list of app_id, token",
    ),
    "shared properties": Limit(
        lambda n: {**to(), "trigger_properties": properties(n)},
        51_200,
        "trigger_properties: it is larger than 51,200 bytes",
    ),
    "own properties": Limit(
        lambda n: to(trigger_properties=properties(n)),
        51_200,
        "trigger_properties: it is larger than 51,200 bytes",
    ),
    "merged properties": Limit(
        lambda n: {
            **to(trigger_properties={"b": "x" * (n - 40_015)}),
            "trigger_properties": {"a": "x" * 40_000},
        },
        51_200,
        "trigger_properties: it is larger than 51,200 bytes",
    ),
    "context": Limit(
        lambda n: {
            "canvas_id": "c",
            "recipients": [{"external_user_id": "u"}],
            "context": properties(n),
        },
        51_200,
        "context: it is larger than 51,200 bytes",
    ),
}
# The sum of two, of which Braze says nothing; and what Braze drops without a word.
STRICTER = ("merged properties", "object", "list of objects")


def told(text: str, event: Any, expected: Body) -> str:
    """Return what the relay says of what it leaves out or refuses; nothing where it passes."""
    warnings: list[str] = []
    try:
        passed = sent(text, event, warnings)
    except (RulesError, Unrenderable) as error:
        return str(error)
    assert bool(warnings) == (passed != expected)
    return "\n".join(warnings)


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_at_the_limit_passes_and_one_more_is_named(name: str) -> None:
    limit = LIMITS[name]
    least, more = limit.body(limit.most), limit.body(limit.most + 1)

    assert told(written(least), {}, least) == ""
    assert limit.words in told(written(more), {}, more)


@pytest.mark.parametrize("name", [it for it in LIMITS if it != "send_id"])  # which is literal
def test_what_an_event_brings_has_the_same_limit(name: str) -> None:
    limit = LIMITS[name]

    for n, words in ((limit.most, ""), (limit.most + 1, limit.words)):
        expected = limit.body(n)
        send, body = of_event(expected)
        said = told(written(send), body, expected)
        assert words in said
        assert bool(said) == bool(words)


@pytest.mark.parametrize("name", LIMITS)
def test_the_simulated_braze_has_the_same_limit(name: str) -> None:
    limit = LIMITS[name]

    def wrong(body: Body) -> bool:
        attributes = body["recipients"][0].get("attributes", {})
        return bool(refused(body)) or bool(bad_attributes(attributes))

    assert not wrong(limit.body(limit.most))
    assert wrong(limit.body(limit.most + 1)) or name in STRICTER


def test_a_rule_has_fifty_recipients_at_most_and_each_is_a_delivery() -> None:
    def body(n: int) -> Body:
        return {
            "campaign_id": "c",
            "recipients": [{"external_user_id": f"u{it}"} for it in range(n)],
        }

    assert len({it.id for it in made(body(50), {})}) == 50
    with pytest.raises(RulesError, match="1 to 50 recipients"):
        made(body(51), {})
    assert refused(body(50)) is None
    assert (
        refused(body(51)) == "The max number of external_ids and aliases per request was exceeded"
    )


def test_no_request_of_a_message_that_sqs_takes_is_over_brazes_four_megabytes() -> None:
    big = {f"n{at}": "\U0001f642" * 127 for at in range(650)}
    (delivery,) = made(to(attributes="${body.all}"), {"id": 1, "all": big})

    message, body = encode(delivery), encode_request(request(delivery))

    assert MAX_BYTES * 0.9 < len(message) <= MAX_BYTES
    assert len(body) <= len(message) < MAX_BODY
