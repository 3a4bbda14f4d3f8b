"""A secret in the place of its name is refused, and shown nowhere: not in the error, not in CI."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from handler.core.configuration.schema_errors import NAME
from handler.core.configuration.secret_forms import is_secret, masked
from handler.core.configuration.shown_lines import shown
from handler.core.configuration.workspaces_file import read_workspaces
from handler.core.errors import RulesError
from handler.core.rules.load import load
from relay import cli
from relay.local.startup_notes import remarks
from relay.rules.commands import app

RULES = """\
verify: {preset: stripe}
vars: {dev: {mail: 417220e4-5a2a-b634-7f7d-9ec891532368}}
rules:
  - name: receipt
    type: charge.succeeded
    send:
      campaign_id: ${vars.mail}
      recipients: [{external_user_id: "${body.data.object.customer}"}]
"""
TAIL = "Ab9xY7Qp2Lm4Zt6Kd8Rw3Vn5Hs1"
LOWER = TAIL.lower()
# Made up; what scanners of repositories know is put together here.
SECRETS = {
    "standard webhooks": f"whsec_{TAIL}",
    "small letters": "whsec_0123456789abcdef",
    "short": "whsec_abc",
    "versioned": f"v1,whsec_{TAIL}",
    "stripe": f"sk_live_{TAIL}",
    "stripe, restricted": f"rk_test_{LOWER}",
    "stripe, public": f"pk_live_{LOWER}",
    "shopify": "shpss_" + "0a1b2c3d" * 4,
    "slack": f"xoxb-123456789012-{TAIL}",
    "github": f"ghp_{TAIL}",
    "sendgrid": f"SG.{TAIL}.{TAIL}",
    "mailgun": "key-" + "0a1b2c3d" * 4,
    "paddle": f"pdl_ntfset_01{LOWER}",
    "jwt": f"eyJ{TAIL}.eyJ{TAIL}.{TAIL}",
    "hex": "0a1b2c3d" * 4,
    "hex of letters": "abcdefabcdefabcdefabcdef",
    "uuid": "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55",
    "base64": TAIL + "+/8=",
    "random": LOWER,
    "pem": "-----BEGIN PRIVATE KEY-----\nMIIE" + TAIL,
    "password": "Correct Horse 7",
}
NAMES = [
    "shopify", "accounts", "billing-2024", "order_webhooks_production_eu", "stripe-connect", "a",
    "shop2024eu1", "sk-shop", "key-production-main-europe", "ghs_shop_production_europe", "web3",
    "sb_orders", "facade-feedback-decade", "0", "tenant-0123456789", "eu-central-1-orders-v2",
]  # fmt: skip
PLACES = {
    "verify": ("verify: {preset: stripe}", "verify: {preset: stripe, secret: SECRET}"),
    "a block": ("verify: {preset: stripe}", "verify:\n  preset: stripe\n  secret: SECRET"),
    "a list": ("verify: {preset: stripe}", "verify: {preset: stripe, secret: [shop, SECRET]}"),
    "sources": ("verify:", "sources: {shop: {secret: SECRET}}\nverify:"),
}  # fmt: skip
# What any vendor's prefix tells wherever it stands.
ANYWHERE = {
    "vars": ("{dev: {", "{dev: {api: SECRET, "),
    "tables": ("rules:", "tables: {keys: {a: SECRET}}\nrules:"),
    "send": ("      recipients:", "      trigger_properties: {a: [SECRET]}\n      recipients:"),
    "a password": ("preset: stripe", "scheme: basic, password: SECRET"),
    "a token": ("preset: stripe", "scheme: token, where: header, name: X-Key, token: SECRET"),
    "a prefix": ("preset: stripe", "preset: stripe, secret_prefixes: [SECRET]"),
}
TOKENS = [it for it in SECRETS if it in
          {"standard webhooks", "small letters", "versioned", "stripe", "shopify", "slack",
           "github", "sendgrid", "mailgun", "paddle", "jwt", "pem"}]  # fmt: skip


def put(place: tuple[str, str], secret: str) -> str:
    old, new = place
    assert old in RULES
    return RULES.replace(old, new.replace("SECRET", json.dumps(secret)), 1)


def checked(folder: Path, text: str, *options: str, name: str = "shop.yaml") -> str:
    return all_checked(folder, {name: text}, *options)


def all_checked(folder: Path, texts: dict[str, str], *options: str) -> str:
    """Return what is said of files each of which is refused."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    run = CliRunner().invoke(app, ["check", str(folder), *options])
    assert run.exit_code == 1, run.output
    assert [name for name in texts if f"{folder}/{name}" not in run.output] == []
    return run.output


def findings(text: str) -> list[str]:
    """Return what is found in a file that does not load, in whose error no secret is."""
    with pytest.raises(RulesError) as raised:
        load("shop", text, "shop.yaml", "dev")
    assert [name for name, secret in SECRETS.items() if shows(str(raised.value), secret)] == []
    return [one.message for one in raised.value.findings]


def shows(text: str, secret: str) -> bool:
    """Return whether a text holds any eight characters of a secret, but for its prefix."""
    rest = re.sub(r"^[a-z0-9,]+[_-]", "", secret)
    pieces = [rest[at : at + 8] for at in range(max(1, len(rest) - 7))]
    return any(piece in text for piece in pieces if len(piece) > 2)


OPTIONS = pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])


@OPTIONS
@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_the_place_of_its_name_is_refused_and_shown_nowhere(
    tmp_path: Path, place: str, options: tuple[str, ...]
) -> None:
    texts = {name: put(PLACES[place], secret) for name, secret in SECRETS.items()}
    said = all_checked(tmp_path, numbered(texts), *options)
    for name, text in texts.items():
        assert not shows(said, SECRETS[name]), name
        assert any("secret" in message for message in findings(text)), name


def numbered(texts: dict[str, str]) -> dict[str, str]:
    """Return files of these texts, whose names say nothing of what is in them."""
    return {f"shop-{at}.yaml": text for at, text in enumerate(texts.values())}


@pytest.mark.parametrize("secret", ["standard webhooks", "small letters", "hex", "uuid", "random"])
def test_the_error_says_what_belongs_there_and_that_a_new_secret_is_needed(secret: str) -> None:
    with pytest.raises(RulesError) as raised:
        load("shop", put(PLACES["verify"], SECRETS[secret]), "shop.yaml", "dev")
    (finding,) = raised.value.findings
    assert (finding.line, finding.column) == (1, 26)
    assert finding.message.startswith("secret takes the name of a secret")
    assert "make a new one" in finding.message


@pytest.mark.parametrize("place", ANYWHERE)
def test_what_a_vendors_prefix_tells_stands_nowhere_in_a_rules_file(
    tmp_path: Path, place: str
) -> None:
    texts = {name: put(ANYWHERE[place], SECRETS[name]) for name in TOKENS}
    said = all_checked(tmp_path, numbered(texts))
    for name, text in texts.items():
        assert not shows(said, SECRETS[name]), name
        assert any("this looks like a secret itself" in one for one in findings(text)), name


@pytest.mark.parametrize("secret", ["uuid", "hex", "random", "standard webhooks"])
def test_the_key_of_a_workspace_is_a_name(tmp_path: Path, secret: str) -> None:
    text = f"usa: {{endpoint: 'https://rest.iad-03.braze.com', key: {json.dumps(SECRETS[secret])}}}"
    with pytest.raises(RulesError, match="key takes the name of a secret"):
        read_workspaces(text, "workspaces.yaml", None)
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")
    said = checked(tmp_path, text, name="workspaces.yaml")
    assert not shows(said, SECRETS[secret])


@pytest.mark.parametrize("name", NAMES)
def test_every_sensible_name_is_taken(name: str) -> None:
    assert not is_secret(name)
    source = load("shop", put(PLACES["verify"], name), "shop.yaml", "dev")
    assert source.secret == name
    text = f"usa: {{endpoint: 'https://rest.iad-03.braze.com', key: '{name}'}}"
    assert read_workspaces(text, "workspaces.yaml", None)["usa"].key == name


@given(st.binary(min_size=24, max_size=64).map(bytes.hex))
def test_no_hex_of_random_bytes_is_a_name(secret: str) -> None:
    assert is_secret(secret)


@given(st.from_regex(NAME, fullmatch=True), st.sampled_from(["secret", "key", "password"]))
def test_a_line_shows_a_name_or_nothing_behind_its_key(name: str, key: str) -> None:
    line = f"  {key}: {name}  # of the shop"
    assert masked(line) == (f"  {key}: ...  # of the shop" if is_secret(name) else line)


@pytest.mark.parametrize(
    "line",
    [
        "verify: {preset: shopify, secret: shopify}",
        '  items: "${body.items[].{key: sku, token: body.token}}"',
        "  key: v1",
        "https://shop.example/a@b",
        "campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368",
    ],
)
def test_a_line_without_a_secret_is_shown_as_it_is(line: str) -> None:
    assert masked(line) == line


def test_a_url_takes_no_user_and_no_password(tmp_path: Path) -> None:
    url = "https://relay:Tr0ub4dor@hooks.shop.example/webhooks/shop"
    text = RULES.replace("preset: stripe", f"preset: square, public_url: '{url}'")
    said = checked(tmp_path, text)
    assert "public_url takes https://host/path, without user, password and query" in said
    assert "Tr0ub4dor" not in said


@pytest.mark.parametrize("path", ["", "/", "/webhooks/shop", "/@shop/x"])
def test_a_url_of_a_host_and_a_path_is_taken(path: str) -> None:
    url = f"https://hooks.shop.example:8443{path}"
    load("s", RULES.replace("preset: stripe", f"preset: square, public_url: '{url}'"), "f", "dev")


@pytest.mark.parametrize("key", ["password", "username", "signing_secret", "webhook_secret"])
def test_a_credential_written_down_is_told_where_it_belongs(tmp_path: Path, key: str) -> None:
    text = RULES.replace("preset: stripe", f"scheme: basic, {key}: Tr0ub4dor").replace(
        "vars:", "event: {type: body.type, type_signed: true}\nvars:"
    )
    said = checked(tmp_path, text)
    assert "a secret stands in no file: `relay secrets set` takes it" in said
    assert "Tr0ub4dor" not in said


@pytest.mark.parametrize("secret", [it for it in SECRETS if it != "pem"])  # it begins as options do
@pytest.mark.parametrize("words", [("--source", "SECRET"), ("--braze", "SECRET")])
def test_a_secret_among_the_words_of_a_command_is_refused_and_not_repeated(
    secret: str, words: tuple[str, str]
) -> None:
    command = ["secrets", "set", *(it.replace("SECRET", SECRETS[secret]) for it in words)]
    run = CliRunner().invoke(cli.app, command)
    assert run.exit_code == 2
    assert "that is no name" in run.output
    assert not shows(run.output, SECRETS[secret])


def test_secrets_and_names_that_are_swapped_are_not_shown() -> None:
    secret = SECRETS["standard webhooks"]
    source = load("shop", RULES, "shop.yaml", "dev")
    said = list(remarks(Path(), {"shop": source}, {secret: "shop"}))
    assert said == [
        "shop answers 503: there is no signing secret shop",
        "a name among the secrets looks like a secret itself: names stand first",
    ]


# What mistyped keys and headers bring into a rules file, and the secret that none may repeat.
ELSEWHERE = {
    "a mistyped key": ("preset: stripe", "preset: stripe, secrets: SECRET"),
    "a block below a mistyped key": (
        "verify: {preset: stripe}", "verify:\n  preset: stripe\n  secrets:\n    - SECRET"),
    "a key that is none": ("preset: stripe", "SECRET: stripe"),
    "a preset": ("preset: stripe", "preset: SECRET"),
    "a scheme": ("preset: stripe", "scheme: SECRET"),
    "headers as an object": ("rules:", "headers: {Authorization: Bearer SECRET}\nrules:"),
    "a header with its value": ("rules:", "headers: ['Authorization: Bearer SECRET']\nrules:"),
    "headers in a block": ("rules:", "headers:\n  Authorization: Bearer SECRET\nrules:"),
    "headers over two lines": ("rules:", "headers: {\n  X-Api: SECRET}\nrules:"),
    "a named token": ("preset: stripe", "scheme: token, where: header, name: 'X-K: SECRET'"),
    "a named token without quotes": (
        "verify: {preset: stripe}",
        "verify:\n  scheme: token\n  where: header\n  name: X-K: SECRET"),
    "a query": ("preset: stripe", "preset: square, public_url: 'https://a.example/x?token=SECRET'"),
    "a query of another place": ("rules:", "public_url: https://a.example/x?token=SECRET\nrules:"),
    "an unclosed quote": ("preset: stripe", "preset: stripe, secret: 'SECRET"),
    "a text with two quotes": ("preset: stripe", "preset: stripe, secret: 'SECRET' 'b'"),
    "an assigned key": ("verify: {preset: stripe}", "verify:\n  preset: stripe\n  secret = SECRET"),
    "a glued key": ("verify: {preset: stripe}", "verify:\n  preset: stripe\n  secret:SECRET"),
    "a comment": ("verify: {preset: stripe}", "verify:\n  preset: stripee\n  # SECRET"),
    "an expression": ("preset: stripe", "preset: stripe, secret: a ${SECRET} b"),
    "variables": ("{dev: {", "{dev: {braze_api_key: SECRET, x: {}, "),
}  # fmt: skip
HIDDEN = ["hex", "uuid", "random", "shopify", "mailgun", "stripe", "standard webhooks"]


@OPTIONS
@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_secret_beside_verify_or_headers_is_shown_whatever_the_mistake(
    tmp_path: Path, place: str, options: tuple[str, ...]
) -> None:
    old, new = ELSEWHERE[place]
    texts = {name: RULES.replace(old, new.replace("SECRET", SECRETS[name]), 1) for name in HIDDEN}
    said = all_checked(tmp_path, numbered(texts), *options)
    for name, text in texts.items():
        assert text != RULES
        assert not shows(said, SECRETS[name]), name
        assert findings(text), name


@pytest.mark.parametrize("place", ["headers as an object", "a header with its value",
                                   "a named token", "headers over two lines"])  # fmt: skip
def test_a_short_password_as_the_value_of_a_header_is_not_shown(tmp_path: Path, place: str) -> None:
    old, new = ELSEWHERE[place]
    said = checked(tmp_path, RULES.replace(old, new.replace("SECRET", "hunter2"), 1))
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "line",
    [
        "  signature: {header: x-shopify-hmac-sha256, format: prefix, prefix: sha256=}",
        '  signed: "{timestamp}.{body}"',
        "  public_url: https://hooks.shop.example/webhooks/shop",
        "  secret: order_webhooks_production_eu",
        "headers: [X-GitHub-Hook-Installation-Target-Type, X-Hub-Signature-256]",
        "  timestamp: {header: x-timestamp, unit: ms, tolerance: 600}",
        "  secret_prefixes: [whsec_]",
    ],
)
def test_a_line_of_verify_without_a_secret_is_shown_as_it_is(line: str) -> None:
    assert shown(f"verify:\n{line}\n", 2) == line


def test_ids_outside_verify_are_shown() -> None:
    line = "  campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368"
    assert shown(f"verify: {{preset: stripe}}\nsend:\n{line}\n", 3) == line


@pytest.mark.parametrize("secret", ["uuid", "hex", "random", "standard webhooks"])
@pytest.mark.parametrize(
    "line",
    ['key: "SECRET', "key:SECRET", "key = SECRET", "key=SECRET", "key SECRET", "key: 'SECRET' x"],
)
def test_no_mend_of_a_workspace_repeats_its_key(tmp_path: Path, line: str, secret: str) -> None:
    text = f"usa:\n  {line}\n  endpoint: https://rest.iad-03.braze.com\n".replace(
        "SECRET", SECRETS[secret]
    )
    with pytest.raises(RulesError) as raised:
        read_workspaces(text, "workspaces.yaml", None)
    assert not shows(str(raised.value), SECRETS[secret])
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")
    assert not shows(checked(tmp_path, text, name="workspaces.yaml"), SECRETS[secret])
