"""Output and exit codes of `relay rules check` for a folder of rules files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from relay.paths import PROJECT
from relay.rules.commands import app

BROKEN = PROJECT / "tests" / "broken"
# Each file begins with what is to be said of it.
EXPECTED = {
    file.name: re.findall(r"^# (\d+:\d+: .*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    for file in sorted(BROKEN.glob("*.yaml"))
}
ID = "417220e4-5a2a-b634-7f7d-9ec891532368"
NO_URL = "senders post to /webhooks/NAME, and {} is no name for a URL: name the file"
GOOD = """\
verify: {preset: standard_webhooks}
rules:
  - name: welcome
    type: user.created
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: ${body.id}
"""


def check(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["check", str(folder), *options])


def remarks(folder: Path, *options: str) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(check(folder, "--json", *options).stdout)
    return [one for one in said if "file" in one]


def written(folder: Path, text: str, name: str = "app.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_mistake_of_every_broken_file_is_named_at_once_with_its_place() -> None:
    said: dict[str, list[str]] = {}
    for one in remarks(BROKEN):
        place = f"{one['line']}:{one['column']}: {one['message']}"
        if one["level"] == "error":
            said.setdefault(Path(one["file"]).name, []).append(place)
    assert said == EXPECTED
    assert check(BROKEN).exit_code == 1


def test_a_mistake_is_shown_with_its_line_and_a_caret(tmp_path: Path) -> None:
    run = check(written(tmp_path, GOOD.replace("    type:", "    tpye:")))
    assert run.exit_code == 1
    place = f"{tmp_path / 'app.yaml'}:4:5:"
    assert f"{place} unknown key tpye; did you mean type?" in run.stderr
    assert "\n        tpye: user.created\n        ^\n" in run.stderr
    assert "\x1b" not in run.stderr


def test_every_stage_that_a_file_names_is_checked(tmp_path: Path) -> None:
    stages = f"vars:\n  dev: {{c: {ID}}}\n  live: {{d: {ID}}}\n"
    text = stages + GOOD.replace(f"campaign_id: {ID}", "campaign_id: ${vars.c}")
    (one,) = remarks(written(tmp_path, text))
    assert (
        one["message"]
        == "vars has no c for this stage; write c below each stage of vars (stage live)"
    )
    assert one["line"] == 9


@pytest.mark.parametrize(
    "options, code", [((), 0), (("--strict",), 1), (("--json",), 0), (("--json", "--strict"), 1)]
)
def test_warnings_alone_are_no_mistake_unless_strict(
    tmp_path: Path, options: tuple[str, ...], code: int
) -> None:
    run = check(written(tmp_path, GOOD.replace("user.created", "[user.created, a]")), *options)
    assert run.exit_code == code
    if "--json" not in options:
        assert ":4:5: warning: without once each of these types" in run.stderr


def test_a_stage_can_be_named_as_the_other_commands_name_it(tmp_path: Path) -> None:
    stages = f"vars:\n  dev: {{c: {ID}}}\n  live: {{c: {ID}}}\n"
    folder = written(
        tmp_path, stages + GOOD.replace(f"campaign_id: {ID}", "campaign_id: ${vars.c}")
    )
    assert check(folder, "--stage", "live").stdout.endswith("is good (stage live)\n")
    (one,) = remarks(folder, "--stage", "test")
    assert one["message"] == "vars has no stage test; it has dev and live (stage test)"


def test_what_is_true_of_all_sources_of_a_file_is_said_once(tmp_path: Path) -> None:
    text = GOOD.replace("user.created", "[user.created, a]")
    (one,) = remarks(written(tmp_path, f"sources: {{one: {{}}, two: {{}}}}\n{text}"))
    assert one["level"] == "warning"


def test_good_rules_are_counted(tmp_path: Path) -> None:
    run = check(written(tmp_path, GOOD))
    assert run.stdout == "1 rule of 1 source is good (stage dev)\n"
    assert run.exit_code == 0


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("late.yml", GOOD, "it is not served; name it late.yaml"),
        ("b.yaml", f"sources: {{app: {{}}}}\n{GOOD}", "there is a app already"),
    ],
)
def test_a_file_that_is_not_served_is_a_mistake(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    written(tmp_path, GOOD)
    (one,) = remarks(written(tmp_path, text, name))
    assert (one["level"], one["message"]) == ("error", message)


@pytest.mark.parametrize(
    "name, level, message",
    [
        (
            "Billing Receipts.yaml",
            "error",
            f"{NO_URL.format('Billing Receipts')} billing-receipts.yaml",
        ),
        ("caf\u00e9.yaml", "error", NO_URL.format("caf\u00e9") + " caf.yaml"),
        (
            "Shop.yaml",
            "warning",
            "/webhooks/Shop is told from /webhooks/shop: name the file shop.yaml",
        ),
    ],
)
def test_a_file_whose_name_makes_no_good_url_is_named_with_a_better_name(
    tmp_path: Path, name: str, level: str, message: str
) -> None:
    (one,) = remarks(written(tmp_path, GOOD, name))
    assert (one["level"], one["message"]) == (level, message)


def test_a_file_of_several_sources_may_have_any_name(tmp_path: Path) -> None:
    assert remarks(written(tmp_path, f"sources: {{app: {{}}}}\n{GOOD}", "My Shops.yaml")) == []


def test_a_word_for_a_boolean_and_a_number_as_text_have_their_place(tmp_path: Path) -> None:
    text = GOOD + "          attributes: {vip: yes}\n"
    (one,) = remarks(written(tmp_path, text))
    assert (one["level"], one["line"], one["column"]) == ("warning", 9, 24)
    assert one["message"].startswith("yes is text here; write true")


def test_a_file_that_is_not_utf8_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"rules: []\na: \xff")
    (one,) = remarks(tmp_path)
    assert one["message"] == "the file is not UTF-8 text"
    assert (one["line"], one["column"]) == (2, 4)


def test_the_projects_own_rules_load_without_a_mistake() -> None:
    for folder in (PROJECT / "tests" / "rules", PROJECT / "src" / "rules"):
        assert [one for one in remarks(folder) if one["level"] == "error"] == []


ABROAD = GOOD.replace("    send:", "    workspace: usa\n    send:")
BROADCAST = GOOD.replace(
    "      recipients:\n        - external_user_id: ${body.id}\n",
    "      broadcast: true\n    allow_broadcast: true\n",
)


def test_a_workspace_that_is_not_written_down_is_a_mistake_with_its_place(tmp_path: Path) -> None:
    written(tmp_path, ABROAD)
    (one,) = remarks(tmp_path)
    assert (one["level"], one["line"], one["column"]) == ("error", 5, 5)
    assert one["message"] == "there is no workspace usa; workspaces.yaml has default"
    usa = "usa: {endpoint: https://rest.iad-03.braze.com}\n"
    assert remarks(written(tmp_path, usa, "workspaces.yaml")) == []


@pytest.mark.parametrize(
    "text, place, message",
    [
        ("usa: {endpoint: https://example.org}", "1:7", "it is not one of Braze's REST endpoints"),
        ("usa: {endpoint: http://127.0.0.1:1}", "1:7", "only the local stack sends to this"),
        (
            "default: {endpoint: https://rest.iad-03.braze.com}",
            "1:1",
            "default is the workspace of BrazeEndpoint",
        ),
        ("default:\n  only: {dev: [qa-*, '*']}", "2:22", "it names nobody, or everybody"),
        (
            "default: {only: {prod: everybody}}",
            "1:11",
            "only does not say whom stage dev",
        ),
    ],
)
def test_a_mistake_among_the_workspaces_is_named_once_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, place: str, message: str
) -> None:
    config = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
    endpoint = "Architecture=arm64 BrazeEndpoint=https://rest.iad-01.braze.com"
    decided = config.replace("Architecture=arm64", endpoint)
    monkeypatch.setattr("relay.stacks.samconfig._text", lambda: decided)
    written(tmp_path, ABROAD)
    (one,) = remarks(written(tmp_path, text, "workspaces.yaml"))
    assert Path(one["file"]).name == "workspaces.yaml"
    assert (one["level"], f"{one['line']}:{one['column']}") == ("error", place)
    assert one["message"].startswith(message)
    assert one["text"] == text.splitlines()[one["line"] - 1]
    assert check(tmp_path).exit_code == 1


STAGED = GOOD.replace("rules:", "vars: {dev: {a: 1}, OTHER: {a: 2}}\nrules:", 1)


@pytest.mark.parametrize(
    "stage, meant", [("production", "prod"), ("Prod", "prod"), ("prd", "prod"), ("prodd", "prod")]
)
def test_a_stage_that_no_deployment_has_is_told(tmp_path: Path, stage: str, meant: str) -> None:
    (one,) = remarks(written(tmp_path, STAGED.replace("OTHER", stage)))
    assert (one["level"], f"{one['line']}:{one['column']}") == ("warning", "2:21")
    text = f"no deployment of samconfig.toml has the stage {stage}; did you mean {meant}?"
    assert one["message"] == text


def test_a_stage_of_one_source_that_no_deployment_has_is_told(tmp_path: Path) -> None:
    own = "sources: {shop: {vars: {dev: {a: 1}, production: {a: 2}}}}\nrules:"
    (one,) = remarks(written(tmp_path, GOOD.replace("rules:", own, 1)))
    assert one["message"].endswith("the stage production; did you mean prod?")


def test_a_stage_that_a_deployment_has_or_nothing_is_like_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stage in ("prod", "eu", "qa"):
        assert remarks(written(tmp_path, STAGED.replace("OTHER", stage))) == []
    both = STAGED.replace("OTHER: {a: 2}", "prod: {a: 2}, production: {a: 2}")
    assert remarks(written(tmp_path, both)) == []
    text = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
    other = text.replace("Stage=prod ", "Stage=prod RulesStage=production ")
    monkeypatch.setattr("relay.stacks.samconfig._text", lambda: other)
    assert remarks(written(tmp_path, STAGED.replace("OTHER", "production"))) == []


def test_a_broadcast_is_a_note_where_the_deployment_does_not_allow_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, BROADCAST)
    run = check(tmp_path)
    assert run.exit_code == 0
    assert "note: app/welcome is a broadcast: app answers 503 unless the deployment" in run.stderr
    text = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
    allowed = text.replace("Stage=dev ", "Stage=dev AllowBroadcast=true ")
    monkeypatch.setattr("relay.stacks.samconfig._text", lambda: allowed)
    assert "broadcast" not in check(tmp_path).stderr


def test_a_long_line_is_shown_around_the_mistake(tmp_path: Path) -> None:
    long = "x" * 3000
    run = check(
        written(tmp_path, GOOD.replace("rules:", f"tables: {{a: {{b: {long}}}, a: 1}}\nrules:"))
    )
    assert run.exit_code == 1
    shown, caret = run.stderr.splitlines()[1:3]
    assert len(shown) < 220
    assert shown[caret.index("^") :].startswith("a: 1}")
