"""Decision on saved rules: only a new mistake keeps the old ones."""

from pathlib import Path

import pytest

from relay.local.live_rules import version
from relay.local.reload import Version, accepted, decide, not_served, refused
from relay.local.rules_folder import Folder

GOOD = """\
verify: {preset: shopify, secret: shop}
rules:
  - name: hello
    type: orders/create
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: ${body.id}
          send_to_existing_only: false
          attributes: {email: "${body.email}"}
"""
BAD = GOOD.replace("rules:", "rulez:")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "good.yaml").write_text(GOOD)
    return Folder(tmp_path)


def saved(folder: Folder, served: Version | None = None, **files: str) -> Version:
    """Write files, by their names without .yaml, and return the version that they are."""
    for name, text in files.items():
        (folder.path / f"{name}.yaml").write_text(text)
    return version(folder.path, "dev", folder.look(), served)


def test_a_mistake_keeps_the_old_rules_and_is_named_with_its_place(folder: Folder) -> None:
    before = saved(folder)
    decision = decide(before, saved(folder, before, good=BAD))
    lines = "\n".join(refused(decision, "14:00:00 UTC"))
    assert f"{folder.path}/good.yaml:2:1:" in lines
    assert "unknown key rulez; did you mean rules?" in lines
    assert lines.endswith(not_served("14:00:00 UTC"))


def test_a_mistake_that_is_served_already_keeps_nothing_even_where_it_moves(
    folder: Folder,
) -> None:
    before = saved(folder, broken=BAD)
    after = saved(folder, before, good=GOOD.replace("hello", "welcome"), broken=f"# moved\n{BAD}")
    decision = decide(before, after)
    assert decision.mistakes == ()
    assert decision.functions == ("IngestFunction",)


def test_another_mistake_in_a_file_that_has_one_keeps_the_old_rules(folder: Folder) -> None:
    before = saved(folder, broken=BAD)
    after = saved(folder, before, broken=BAD.replace("verify", "verifi"))
    assert decide(before, after).mistakes


def test_the_sources_of_a_file_that_is_gone_are_said_to_answer_404(folder: Folder) -> None:
    before = saved(folder, other=GOOD)
    (folder.path / "other.yaml").unlink()
    decision = decide(before, saved(folder, before))
    assert (decision.mistakes, decision.gone) == ((), ("other",))
    assert "/webhooks/other answers 404 now: its rules file is gone" in [*accepted(decision)]


def test_a_warning_is_said_once(folder: Folder) -> None:
    empty = saved(folder)
    before = saved(folder, empty, good=GOOD.replace("email:", "firstName: a, email:"))
    after = saved(folder, before, good=f"# edited\n{(folder.path / 'good.yaml').read_text()}")
    assert any("firstName" in one.message for one in decide(empty, before).remarks)
    assert not any("firstName" in one.message for one in decide(before, after).remarks)


def test_a_wrong_workspace_keeps_the_old_rules_too(folder: Folder) -> None:
    before = saved(folder)
    decision = decide(before, saved(folder, before, workspaces="de: {endpont: x}\n"))
    assert any("workspaces.yaml" in one.file for one in decision.mistakes)


def test_a_folder_named_as_a_sample_keeps_nothing_either(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.local.live_rules.EVENTS", tmp_path)
    (tmp_path / "good-one.json").mkdir()
    (remark,) = [one for one in saved(folder).remarks if "good-one" in one.message]
    assert (remark.level, "it cannot be read: " in remark.message) == ("warning", True)


@pytest.mark.parametrize("text", ["{", '{"source": "good"}'])
def test_a_broken_sample_keeps_nothing_and_is_said(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    samples = tmp_path / "events"
    samples.mkdir()
    monkeypatch.setattr("relay.local.live_rules.EVENTS", samples)
    before = saved(folder)
    (samples / "good-one.json").write_text(text)
    decision = decide(before, saved(folder, before, good=GOOD.replace("hello", "welcome")))
    assert decision.mistakes == ()
    assert any("events/good-one.json" in one.message for one in decision.remarks)


def test_a_rule_that_no_longer_renders_a_sample_is_a_mistake_and_one_that_never_did_is_not(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = tmp_path / "events"
    samples.mkdir()
    monkeypatch.setattr("relay.local.live_rules.EVENTS", samples)
    (samples / "good-one.json").write_text(
        '{"source": "good", "headers": {"X-Shopify-Topic": "orders/create"}, "body": {"id": 7}}'
    )
    before = saved(folder)
    strict = GOOD + "    required: [attributes.email]\n"
    broken = decide(before, saved(folder, before, good=strict))
    assert any("attributes.email" in one.message for one in broken.mistakes)
    served = saved(folder, None, good=strict)
    after = saved(folder, served, good=f"# more\n{strict}")
    assert decide(served, after).mistakes == ()
