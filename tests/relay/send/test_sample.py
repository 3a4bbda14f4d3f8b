"""`relay send EVENT` signs a sample as its sender would, and shows what was answered."""

import json
from pathlib import Path

import pytest

from relay.local.emulator import free_port
from tests.relay.send.peer import SCHEMES, Peer, said_by


def sample(tmp_path: Path, source: str) -> Path:
    file = tmp_path / "one.json"
    body = {"id": "1", "type": "a", "at": "@now"}
    file.write_text(json.dumps({"source": source, "headers": {"X-Kept": "as it is"}, "body": body}))
    return file


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_is_signed_for_and_tampering_shows(
    peer: Peer, tmp_path: Path, name: str
) -> None:
    file = sample(tmp_path, name)
    good, bad = peer.send(file), peer.send(file, "--tamper")
    assert (good.exit_code, good.stdout) == (0, '200 {"events": 1, "deliveries": 1}\n')
    assert (bad.exit_code, bad.stdout) == (1, "401 {}\n")
    assert peer.got[0].headers["x-kept"] == "as it is"


def test_no_netrc_file_replaces_a_credential(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert peer.send(sample(tmp_path, "bearer")).exit_code == 0


def test_the_url_may_be_the_whole_one_that_a_sender_gets(peer: Peer, tmp_path: Path) -> None:
    whole = f"{peer.url}/webhooks/shop"
    assert peer.send(sample(tmp_path, "shop"), "--url", whole).exit_code == 0


def test_a_redirect_is_shown_and_not_followed(peer: Peer, tmp_path: Path) -> None:
    peer.reply = lambda _body, _times: (307, {"location": f"{peer.url}/webhooks/shop"})
    run = peer.send(sample(tmp_path, "shop"))
    assert (run.exit_code, run.stdout, len(peer.got)) == (1, "307 {}\n", 1)


def test_nobody_listening_says_so_without_the_secret_in_the_url(peer: Peer, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    run = peer.send(sample(tmp_path, "query"), "--url", nobody)
    assert (run.exit_code, run.stdout) == (1, "")
    ask = "is make run serving? (--url for another port)"
    assert run.stderr == f"no answer from {nobody}/webhooks/query: ConnectionError; {ask}\n"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "give EVENT, or --each FILE (events/ has: accounts-signup"),
        (("shopify-order", "--each", "README.md"), "EVENT and --each exclude each other"),
        (("shopify-ordr",), "did you mean shopify-order?"),
        (("pyproject.toml.json",), "there is no pyproject.toml.json"),
        (("shopify-order", "--source", "shp"), "did you mean shop?"),
        (("shopify-order", "--source", "shp"), "--rules takes another folder"),
        (("shopify-order", "--source", "shop", "--url", "http://example.com"), "https://"),
        (("shopify-order", "--source", "shop", "--url", "ftp://127.0.0.1"), "https://"),
        (("shopify-order", "--source", "shop", "--url", "https://a.example"), "--secret-from"),
        (("shopify-order", "--source", "shop", "--header", "X-Topic"), "NAME=VALUE"),
        (("shopify-order", "--source", "shop", "--clock", "soon"), "10m or -10m"),
        (("shopify-order", "--source", "shop", "--secret-from", "nowhere"), "cannot be read"),
        (("--each", "nowhere.jsonl", "--source", "shop"), "does not exist"),
        (("--each", "README.md"), "--each needs --source"),
        (("--each", "README.md", "--source", "shop", "--tamper"), "--clock and --tamper"),
    ],
)
def test_wrong_usage_says_what_is_right(peer: Peer, arguments: tuple[str, ...], said: str) -> None:
    assert said in said_by(peer.send(*arguments))
    assert not peer.got


@pytest.mark.parametrize(
    "source, content, said",
    [
        ("shop", "", "no usable signing secret"),
        ("shop", "  \n", "no usable signing secret"),
        ("shop", '{"shop": ""}', "no usable signing secret"),
        ("shop", '{"other": "canary-secret"}', "no usable signing secret"),
        ("hex-key", "canary, and no hex", "cannot be decoded"),
    ],
)
def test_a_secret_that_cannot_be_used_is_wrong_usage_and_is_not_shown(
    peer: Peer, tmp_path: Path, source: str, content: str, said: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    run = peer.send(sample(tmp_path, source), "--secret-from", file)
    assert said in said_by(run)
    assert "canary" not in run.output


OTHER_SECRET = (
    "the signature is refused: if the relay has another secret, --secret-from FILE signs with it"
)


def test_a_relay_with_another_secret_is_told_how_to_be_signed_for(
    peer: Peer, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("the secret of somebody else")
    run = peer.send(sample(tmp_path, "shop"), "--secret-from", file)
    assert (run.exit_code, run.stderr.strip()) == (1, OTHER_SECRET)


@pytest.mark.parametrize("wrong", [("--tamper",), ("--clock", "-10m")])
def test_what_is_refused_on_purpose_is_no_wrong_secret(
    peer: Peer, tmp_path: Path, wrong: tuple[str, ...]
) -> None:
    run = peer.send(sample(tmp_path, "stamped"), *wrong)
    assert (run.exit_code, run.stderr) == (1, "")


def test_a_sample_that_is_none_says_what_is_missing(peer: Peer, tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text('{"source": "shop", "headers": {}}')
    assert "body is missing" in said_by(peer.send(file))
