from typing import Any

import pytest
from pydantic import ValidationError

from handler.core.rules.sender_blocks import HmacBlock
from handler.core.verification.schemes import TemplatePart, template

PLAIN: dict[str, Any] = {"encoding": "hex", "signature": {"header": "x-signature"}}
PAIRS: dict[str, Any] = {
    "encoding": "hex",
    "signature": {"header": "x-signature", "format": "pairs", "key": "v1"},
    "signed": "{timestamp}.{body}",
    "timestamp": {"key": "t"},
}


def test_a_block_written_by_hand_needs_only_encoding_and_header() -> None:
    scheme = HmacBlock.model_validate({"scheme": "hmac", **PLAIN})

    assert (scheme.algorithm, scheme.signed, scheme.signature.format) == (
        "sha256",
        "{body}",
        "plain",
    )
    assert scheme.secret_encoding == "utf8"


@pytest.mark.parametrize(
    "change, message",
    [
        ({"signed": "{timestamp}"}, "signed must hold {body}"),
        ({"signed": ""}, "signed must hold {body}"),
        (
            {"signed": "{uri}{body}"},
            "{uri} is none of {body}, {timestamp}, {id}, {method}, {url}, {sec",
        ),
        ({"signed": "{Body}"}, "{Body} is none of"),
        ({"signed": "{header:}{body}"}, "{header:} is none of"),
        ({"signed": "{header:a b}{body}"}, "{header:a b} is none of"),
        ({"signed": "{{body}}"}, "{ is none of"),
        ({"signed": "{timestamp}.{body}"}, "{timestamp}, but timestamp is not given"),
        ({"signed": "{id}.{body}"}, "{id}, but id_header is not given"),
        ({"timestamp": {"header": "x-time"}}, "does not hold {timestamp}: nobody signs it"),
        ({"id_header": "x-id"}, "does not hold {id}: nobody signs it"),
        ({"signature": {"header": "x", "format": "prefix"}}, "format prefix needs prefix"),
        ({"signature": {"header": "x", "format": "pairs"}}, "format pairs needs key"),
        ({"signature": {"header": "x", "prefix": "a="}}, "format plain has no prefix"),
        ({"signature": {"header": "x", "separator": ";"}}, "format plain has no separator"),
        ({"signature": {"header": "x", "format": "list", "key": "a"}}, "format list has no key"),
        ({"signature": {"header": "x", "format": "list", "prefix": "v1 "}}, "holds the separator"),
        ({"signature": {"header": "x y"}}, "pattern"),
        ({"signature": {"header": ""}}, "pattern"),
        ({"algorithm": "md5"}, "sha1"),
        ({"encoding": "base32"}, "base64"),
        ({"tolerance": 300}, "Extra inputs"),
        ({"secret_encoding": "base32"}, "base64"),
        ({"secret_prefixes": [""]}, "at least 1 character"),
    ],
)
def test_a_block_that_proves_too_little_does_not_load(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        HmacBlock.model_validate(PLAIN | change)

    assert message in str(error.value)


@pytest.mark.parametrize(
    "timestamp, message",
    [
        ({}, "either in a header or under a key"),
        ({"header": "x-time", "key": "t"}, "either in a header or under a key"),
        ({"key": "v1"}, "under the same key"),
        ({"key": "t", "tolerance": 0}, "greater than or equal to 1"),
        ({"key": "t", "tolerance": "300"}, "valid integer"),
        ({"key": "t", "tolerance": True}, "valid integer"),
        ({"key": "t", "unit": "us"}, "'s' or 'ms'"),
    ],
)
def test_a_timestamp_has_one_place_and_a_sound_tolerance(
    timestamp: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as error:
        HmacBlock.model_validate(PAIRS | {"timestamp": timestamp})

    assert message in str(error.value)


def test_a_key_of_the_pairs_needs_pairs() -> None:
    with pytest.raises(ValidationError, match="format is not pairs"):
        HmacBlock.model_validate(PAIRS | {"signature": {"header": "x-signature"}})


def test_a_tolerance_is_five_minutes_unless_given_and_null_only_when_written() -> None:
    given = HmacBlock.model_validate(PAIRS).timestamp
    waived = HmacBlock.model_validate(
        PAIRS | {"timestamp": {"key": "t", "tolerance": None}}
    ).timestamp

    assert given is not None
    assert given.tolerance == 300
    assert waived is not None
    assert waived.tolerance is None


def test_a_template_keeps_its_literal_text_and_lowers_header_names() -> None:
    assert template("v0:{timestamp}:{header:X-Shop}{body}") == (
        TemplatePart("text", "v0:"),
        TemplatePart("timestamp"),
        TemplatePart("text", ":"),
        TemplatePart("header", "x-shop"),
        TemplatePart("body"),
    )


def test_only_headers_that_are_signed_count_as_signed() -> None:
    scheme = HmacBlock.model_validate(
        PLAIN
        | {
            "signed": "{id}.{timestamp}.{header:X-Topic}.{body}",
            "id_header": "X-Id",
            "timestamp": {"header": "X-Time"},
        }
    ).made()

    assert scheme.signed_headers == {"x-id", "x-time", "x-topic"}
    assert HmacBlock.model_validate(PAIRS).made().signed_headers == frozenset()


def test_a_scheme_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        HmacBlock.model_validate(PLAIN).made().signed = "x"  # type: ignore[misc]  # that is the claim
