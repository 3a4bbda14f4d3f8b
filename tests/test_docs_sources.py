"""docs/sources.md: what it says of presets and handshakes is what they are; its blocks load."""

import hmac
import re
import time
from base64 import b64encode
from typing import get_args

import pytest

from handler.core.models import Webhook
from handler.core.rules.load import load
from handler.core.rules.sender_blocks import SignatureBlock
from handler.core.verification.handshake import Handshake
from handler.core.verification.presets.catalogue import PRESETS
from handler.core.verification.schemes import SignedScheme
from handler.core.verification.verify import verify
from relay.paths import PROJECT
from relay.sources import id_of, type_of, verified_by
from tests.handler.core.rules_files import RULES, source_of

PAGE = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
REFERENCE = (PROJECT / "docs" / "rules-reference.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"<!-- sender -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
BY_HAND = re.findall(r"<!-- sender: (\w+) -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)


def rows(heading: str, page: str = PAGE) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head and backticks."""
    section = page.split(f"## {heading}\n")[1].split("\n## ", maxsplit=1)[0].replace("`", "")
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def expected(name: str) -> list[str]:
    source, preset = source_of(name), PRESETS[name]
    stamp = source.scheme.timestamp if isinstance(source.scheme, SignedScheme) else None
    return [
        name,
        verified_by(preset),
        type_of(preset),
        id_of(preset),
        f"{stamp.tolerance} s" if stamp else "none",
        ", ".join(source.handshakes) or "none",
    ]


def test_every_preset_has_its_row_that_says_what_it_is() -> None:
    assert rows("Presets") == [expected(name) for name in PRESETS]


def test_the_references_of_presets_are_those_of_the_table() -> None:
    given = {name: preset["event"].get("reference", {}) for name, preset in PRESETS.items()}
    globs = {name: {"*": one} if isinstance(one, str) else one for name, one in given.items()}
    told: dict[str, dict[str, str]] = {}
    for name, kinds, path in rows("References", REFERENCE):
        told.setdefault(name, {}).update(dict.fromkeys(kinds.split(", "), path))
    assert told == {name: one for name, one in globs.items() if one}


def test_every_preset_has_its_row_on_setting_it_up_with_the_vendors_page() -> None:
    told = rows("Setting a sender up")
    names = [f"[{name}]({preset['document']})" for name, preset in PRESETS.items()]
    assert [row[0] for row in told] == names
    assert all(len(row) == 5 and all(row) for row in told)


def test_a_preset_is_said_to_leave_open_what_it_does() -> None:
    for name, (*_, unsigned, _) in zip(PRESETS, rows("Setting a sender up"), strict=True):
        source = source_of(name)
        is_signed = isinstance(source.scheme, SignedScheme)
        assert ("everything" in unsigned) == (not is_signed), name
        topic = "event name" if name == "github" else "topic"
        assert (topic in unsigned) == (not source.event.type_signed), name


def test_every_handshake_is_explained() -> None:
    assert [row[0] for row in rows("Handshakes")] == list(get_args(Handshake))


def test_the_presets_whose_webhooks_hold_many_events_are_named() -> None:
    (told,) = re.findall(r"The presets (.*?) have it", PAGE)
    batches = {name for name, preset in PRESETS.items() if "events" in preset["event"]}
    assert set(re.findall(r"`(\w+)`", told)) == batches


def test_the_senders_that_sign_the_url_are_named() -> None:
    (told,) = re.findall(r"\n(\w+) and (\w+) sign the URL", PAGE)
    bound = {name for name, preset in PRESETS.items() if "{url}" in verified_by(preset)}
    assert {name.lower() for name in told} == bound


def test_the_topics_without_a_person_are_those_of_presets() -> None:
    told = {name for row in rows("Topics without a person") for name in row[0].split(", ")}
    assert {"shopify", "paddle"} <= told <= PRESETS.keys()


def test_the_senders_that_do_not_work_are_named_with_the_reason() -> None:
    section = PAGE.split("## What does not work\n")[1]
    for name in ("Contentful", "Inngest", "LiveKit", "QStash", "Kinde", "Saleor", "PayPal"):
        (point,) = (one for one in re.split(r"^- ", section, flags=re.MULTILINE) if name in one)
        assert len(point) > len(name) + 40
        assert name.lower() not in PRESETS


@pytest.mark.parametrize("text", BLOCKS)
def test_every_block_shown_is_the_head_of_a_file_that_loads(text: str) -> None:
    assert load("shop", text + RULES, "shop.yaml", "dev").rules


def test_the_senders_written_by_hand_are_shown_as_they_are_tested() -> None:
    folder = PROJECT / "tests" / "senders" / "by_hand"
    tested = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")}
    assert tested
    assert dict(BY_HAND) == tested


FORMATS = re.findall(r"^\| `([^`]+)` \| `(\{header: X-Signature.*?\})`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("header, signature", FORMATS)
def test_a_signature_in_each_form_that_is_shown_verifies(header: str, signature: str) -> None:
    encoding, secret, raw = "base64" if "list" in signature else "hex", "a-long-secret", b"{}"
    text = f"verify:\n  encoding: {encoding}\n  signature: {signature}\n  signed: '{{body}}'\n"
    source = load("shop", f"{text}event: {{type: body.a, type_signed: true}}\n{RULES}", "f", "dev")
    digest = hmac.digest(secret.encode(), raw, "sha256")
    right = digest.hex() if encoding == "hex" else b64encode(digest).decode()
    first, _, last = re.sub(r"\w+\.\.\.", "@", header).rpartition("@")
    wrong = right[::-1] if encoding == "hex" else b64encode(digest[::-1]).decode()
    sent = f"{first.replace('@', wrong)}{right}{last}"
    webhook = Webhook("shop", "POST", {"x-signature": sent}, "", raw, int(time.time()))
    assert verify(webhook, source.scheme, [secret]).webhook == webhook


def test_every_form_of_a_signature_is_shown() -> None:
    shown = {(re.findall(r"format: (\w+)", it) or ["plain"])[0] for _, it in FORMATS}
    assert shown == {*get_args(SignatureBlock.model_fields["format"].annotation)}
