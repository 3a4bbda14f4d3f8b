"""Every sender of every preset against the same rows: accepted, or refused for that reason."""

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from handler.core.verification.presets.catalogue import PRESETS
from tests.senders.posting import BODY, NOW, Letter, Post, good, judged
from tests.senders.rows import ACCEPTED, ROWS
from tests.senders.signing import mac
from tests.senders.vendors import VENDORS, Vendor

EVERY_PRESET = pytest.mark.parametrize("preset", VENDORS)
STAMPED = [name for name, vendor in VENDORS.items() if vendor.tolerance]
PAIRED = [name for name, vendor in VENDORS.items() if vendor.frame.kind == "pairs"]
TIMED = [name for name in STAMPED if name not in PAIRED]


def test_every_preset_stands_in_the_table() -> None:
    assert set(VENDORS) == set(PRESETS)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("key", [b"k", b"k" * 64, b"k" * 65])
def test_openssl_signs_as_the_table_does(algorithm: str, key: bytes) -> None:
    run = subprocess.run(
        ["openssl", "dgst", f"-{algorithm}", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}"],
        input=BODY.encode(),
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode().split()[-1] == mac(key, BODY.encode(), algorithm).hex()


@pytest.mark.parametrize("row", ROWS)
def test_a_webhook_is_accepted_or_refused_for_its_reason(row: str) -> None:
    case = ROWS[row]
    assert {
        preset: judged(preset, case.make(vendor), case.secrets(vendor))
        for preset, vendor in VENDORS.items()
    } == {preset: case.expected(vendor.frame.kind) for preset, vendor in VENDORS.items()}


@pytest.mark.parametrize(
    "sign, beyond, reason",
    [(-1, 0, ACCEPTED), (1, 0, ACCEPTED), (-1, 1, "stale"), (1, 1, "from_the_future")],
)
def test_a_signed_time_counts_to_the_second(sign: int, beyond: int, reason: str) -> None:
    def posted(vendor: Vendor) -> Post:
        return Letter(vendor, at=NOW + sign * ((vendor.tolerance or 0) + beyond)).post()

    assert of_stamped(posted) == dict.fromkeys(STAMPED, reason)


def of_stamped(posted: Callable[[Vendor], Post]) -> dict[str, str]:
    """Return what is said of a webhook of each sender that signs its time."""
    return {preset: judged(preset, posted(VENDORS[preset])) for preset in STAMPED}


@pytest.mark.parametrize("preset", [name for name in VENDORS if name not in STAMPED])
def test_where_no_time_is_signed_none_makes_a_webhook_too_old(preset: str) -> None:
    assert judged(preset, Letter(VENDORS[preset], at=NOW - 31_536_000).post()) == ACCEPTED


@pytest.mark.parametrize("second", [NOW - 1, NOW + 1, NOW + 100_000])
def test_another_time_than_the_signed_one_is_refused(second: int) -> None:
    def posted(vendor: Vendor) -> Post:
        return Letter(vendor, at=second, signatures=[Letter(vendor).signature]).post()

    assert of_stamped(posted) == dict.fromkeys(STAMPED, "wrong_signature")


@pytest.mark.parametrize(
    "written, reason",
    [
        ("", "no_timestamp"),
        ("nan", "malformed_timestamp"),
        ("1_780_000_000", "malformed_timestamp"),
        ("-1780000000", "malformed_timestamp"),
        ("1780000000.5", "malformed_timestamp"),
        ("１７８０００００００", "malformed_timestamp"),  # noqa: RUF001 - digits that int() takes
        ("9" * 10_000, "malformed_timestamp"),
    ],
)
def test_a_time_that_is_no_plain_number_is_refused(written: str, reason: str) -> None:
    def posted(vendor: Vendor) -> Post:
        post, stamp = Letter(vendor).post(), vendor.stamp(NOW)
        headers = {name: value.replace(stamp, written) for name, value in post.headers.items()}
        return replace(post, headers=headers)

    assert of_stamped(posted) == dict.fromkeys(STAMPED, reason)


@pytest.mark.parametrize("preset", PAIRED)
def test_a_signature_of_another_version_is_none(preset: str) -> None:
    post, vendor = good(preset), VENDORS[preset]
    other = post.headers[vendor.header].replace("v1=", "v0=").replace("h1=", "h0=")
    assert judged(preset, replace(post, headers={vendor.header: other})) == "malformed_signature"


@pytest.mark.parametrize("preset", TIMED)
def test_a_time_that_stands_twice_is_refused(preset: str) -> None:
    post = good(preset)
    stamp = VENDORS[preset].stamp(NOW)
    twice = {name: it.replace(stamp, f"{stamp},{stamp}") for name, it in post.headers.items()}
    assert judged(preset, replace(post, headers=twice)) == "malformed_timestamp"


@pytest.mark.parametrize(
    "preset", ["bigcommerce", "clerk", "supabase", "standard_webhooks", "svix"]
)
@pytest.mark.parametrize(
    "identity, reason",
    [
        (None, "no_id"),
        ("", "no_id"),
        ("msg_other", "wrong_signature"),
        ("msg_2b1Q,msg_2b1Q", "wrong_signature"),
        ("msg.2b1Q", "ambiguous_id"),
        ("é", "wrong_signature"),
        ("\udcfc", "wrong_signature"),
    ],
)
def test_a_signed_id_stays_as_it_was(preset: str, identity: str | None, reason: str) -> None:
    post = good(preset)
    name = next(header for header in post.headers if header.endswith("-id"))
    rest = {header: value for header, value in post.headers.items() if header != name}
    headers = rest if identity is None else rest | {name: identity}
    assert judged(preset, replace(post, headers=headers)) == reason


def test_klaviyos_signed_header_cannot_be_missing_or_another() -> None:
    post = good("klaviyo")
    rest = {name: it for name, it in post.headers.items() if name != "Klaviyo-Timestamp"}
    assert judged("klaviyo", replace(post, headers=rest)) == "no_header"
    assert judged("klaviyo", post.plus(Klaviyo_Timestamp=str(NOW + 1))) == "wrong_signature"


@pytest.mark.parametrize(
    "preset, value, reason",
    [
        ("auth0", "bearer SECRET", ACCEPTED),
        ("auth0", "BEARER  SECRET ", ACCEPTED),
        ("auth0", "SECRET", "malformed_credential"),
        ("auth0", "Basic SECRET", "malformed_credential"),
        ("auth0", "Bearer", "no_credential"),
        ("auth0", "Bearer SECRET SECRET", "wrong_credential"),
        ("okta", "Bearer SECRET", "wrong_credential"),
        ("okta", "secret", "wrong_credential"),
        ("okta", "SECRET ", "wrong_credential"),
        ("chargebee", "basic cmVsYXk6cGFzczp3b3Jk", ACCEPTED),
        ("chargebee", "Bearer cmVsYXk6cGFzczp3b3Jk", "malformed_credential"),
        ("chargebee", "Basic relay:pass:word", "malformed_credential"),
        ("chargebee", "Basic cmVsYXk6cGFzcw==", "wrong_credential"),  # relay:pass
        ("chargebee", "Basic OnBhc3M6d29yZA==", "wrong_credential"),  # :pass:word
    ],
)
def test_a_shown_secret_is_compared_whole(preset: str, value: str, reason: str) -> None:
    vendor = VENDORS[preset]
    post = replace(good(preset), headers={"Authorization": value.replace("SECRET", vendor.secret)})
    assert judged(preset, post) == reason
