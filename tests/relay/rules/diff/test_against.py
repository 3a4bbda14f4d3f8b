"""`relay rules diff --against`: the rules beside those of a git revision, in real repositories."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from relay.rules import case_file
from relay.rules.diff import versions
from tests.relay.rules.desk import RULES, WEBHOOK, Desk, run
from tests.unframed import unframed

OTHER = RULES.replace("Order $", "No. $")
ORDER = "recipients[0].trigger_properties.order"
SAMPLE = {
    "source": "shop",
    "headers": {"x-shopify-topic": "orders/create"},
    "body": {"id": 8, "email": "b@example.org", "number": 42, "customer": {"id": 10}},
}


def git(folder: Path, *arguments: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.org"),
    }
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def commit(folder: Path, *names: str) -> None:
    git(folder, "add", "--all", *(names or (".",)))
    git(folder, "commit", "--quiet", "--message", "x")


@pytest.fixture
def repository(desk: Desk) -> Desk:
    """Return a desk whose rules and one case are committed, on main."""
    desk.write_case(WEBHOOK)
    git(desk.folder, "init", "--quiet", "--initial-branch=main")
    commit(desk.folder)
    return desk


@pytest.fixture
def project(repository: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk that is the project: it has samples of its own."""
    events = repository.folder / "events"
    events.mkdir()
    for module in (versions, case_file):
        monkeypatch.setattr(module, "PROJECT", repository.folder)
        monkeypatch.setattr(module, "EVENTS", events)
    write_sample(repository, SAMPLE)
    commit(repository.folder)
    return repository


def write_sample(desk: Desk, sample: Any, name: str = "order") -> None:
    text = sample if isinstance(sample, str) else json.dumps(sample)
    (desk.folder / "events" / f"{name}.json").write_text(text, encoding="utf-8")


def diff(desk: Desk, against: str, *more: str) -> Result:
    where = ("--rules", str(desk.rules), "--cases", str(desk.cases))
    return run("rules", "diff", "--against", against, *where, *more)


def told(desk: Desk, against: str = "HEAD") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(diff(desk, against, "--json").stdout)
    return found


def paths(desk: Desk, against: str = "HEAD") -> list[tuple[str, list[str]]]:
    fields = [field for one in told(desk, against)["differences"] for field in one["fields"]]
    return [(one["path"], one["webhooks"]) for one in fields]


def refused(desk: Desk, against: str) -> str:
    result = diff(desk, against)
    assert result.exit_code == 2
    return unframed(result.stderr)


def test_what_is_not_committed_counts(repository: Desk) -> None:
    assert diff(repository, "HEAD").stdout == "1 webhook compared; nothing changes\n"
    repository.write_rules(OTHER)
    result = diff(repository, "HEAD")
    assert result.exit_code == 0
    assert (
        result.stdout
        == f"""\
shop/confirm: changed
  shown by case shop/an-order
  {ORDER}: "Order 41" -> "No. 41"

1 webhook compared; changed: 1
"""
    )
    git(repository.folder, "add", ".")
    assert diff(repository, "HEAD").stdout == result.stdout


@pytest.mark.parametrize("name", ["main", "v1", "HEAD~1", "main~1^{commit}"])
def test_a_revision_is_a_branch_a_tag_or_any_name_of_a_commit(repository: Desk, name: str) -> None:
    repository.write_rules(OTHER)
    git(repository.folder, "tag", "--annotate", "--message", "x", "v1")
    git(repository.folder, "switch", "--quiet", "--create", "work")
    commit(repository.folder)
    if name.startswith("main~1"):
        git(repository.folder, "branch", "--force", "main", "work")
    assert paths(repository, name) == [(ORDER, ["case shop/an-order"])]


def test_nothing_in_the_repository_changes(repository: Desk) -> None:
    repository.write_rules(OTHER)
    before = git(repository.folder, "status", "--porcelain")
    index = (repository.folder / ".git" / "index").read_bytes()
    diff(repository, "HEAD")
    assert git(repository.folder, "status", "--porcelain") == before
    assert (repository.folder / ".git" / "index").read_bytes() == index
    assert git(repository.folder, "worktree", "list").count("\n") == 1


@pytest.mark.parametrize("below", ["rules", "cases/shop"])
def test_it_works_from_a_subfolder(
    repository: Desk, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    repository.write_rules(OTHER)
    monkeypatch.chdir(repository.folder / below)
    assert paths(repository) == [(ORDER, ["case shop/an-order"])]
    rules = os.path.relpath(repository.rules)
    where = ("--rules", rules, "--cases", os.path.relpath(repository.cases))
    assert ORDER in run("rules", "diff", "--against", "HEAD", *where).stdout


def test_it_works_where_the_project_is_a_folder_of_a_repository(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "mono repo" / "relay é")
    desk.write_rules(RULES)
    desk.write_case(WEBHOOK)
    git(tmp_path / "mono repo", "init", "--quiet")
    commit(tmp_path / "mono repo")
    desk.write_rules(OTHER)
    assert paths(desk) == [(ORDER, ["case shop/an-order"])]


def test_rules_that_are_reached_by_a_link_are_those_of_the_repository(repository: Desk) -> None:
    link = repository.folder / "link"
    link.symlink_to(repository.rules)
    repository.write_rules(OTHER)
    where = ("--rules", str(link), "--cases", str(repository.cases))
    assert ORDER in run("rules", "diff", "--against", "HEAD", *where).stdout


def test_the_environment_of_a_hook_leads_to_no_other_repository(
    repository: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write_rules(OTHER)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert paths(repository) == [(ORDER, ["case shop/an-order"])]


@pytest.mark.parametrize(
    "name", ["nope", "origin/nope", "0123456789abcdef0123456789abcdef01234567"]
)
def test_an_unknown_revision_is_refused_with_the_command_that_gets_it(
    repository: Desk, name: str
) -> None:
    branch = name.removeprefix("origin/")
    said = refused(repository, name)
    assert f"git knows no revision {name} here: git fetch origin {branch} gets it" in said


@pytest.mark.parametrize("name", ["HEAD~300", "a b", "$(touch x)", "main..HEAD", "é"])
def test_what_names_no_commit_is_refused(repository: Desk, name: str) -> None:
    assert f"git knows no revision {name} here: git fetch gets it" in refused(repository, name)
    assert sorted(it.name for it in repository.folder.iterdir()) == [".git", "cases", "rules"]


@pytest.mark.parametrize("name", ["-x", "--output=x", "--", "-", "^HEAD", "", " "])
def test_an_option_or_nothing_is_no_revision(repository: Desk, name: str) -> None:
    said = refused(repository, name)
    assert "is no revision: give a branch, a tag or a commit" in said


def test_a_shallow_clone_says_how_to_get_more(repository: Desk, tmp_path: Path) -> None:
    repository.write_rules(OTHER)
    commit(repository.folder)
    clone = tmp_path / "clone"
    url = f"file://{repository.folder}"
    git(repository.folder, "clone", "--quiet", "--depth=1", url, str(clone))
    shallow = Desk(clone)
    said = refused(shallow, "HEAD~1")
    assert "this clone is shallow: git fetch --unshallow, or git fetch" in said
    assert told(shallow)["changes"] == []
    git(clone, "fetch", "--quiet", "--unshallow")
    assert paths(shallow, "HEAD~1") == [(ORDER, ["case shop/an-order"])]


def test_outside_of_git_a_folder_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    said = refused(desk, "HEAD")
    assert "is in no git repository; give a folder of the rules as they were" in said
    assert str(tmp_path) in said.replace(" ", "")


def test_without_git_it_says_so(repository: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.folder))
    assert "git is not installed" in refused(repository, "HEAD")


def test_a_folder_and_a_revision_are_one_too_many_and_one_is_needed(repository: Desk) -> None:
    both = run("rules", "diff", str(repository.rules), "--against", "HEAD")
    neither = run("rules", "diff")
    for result in (both, neither):
        assert result.exit_code == 2
        assert "--against REV, or a folder BASE" in unframed(result.stderr)


def test_rules_that_were_not_there_are_all_new(repository: Desk) -> None:
    git(repository.folder, "rm", "--quiet", "-r", "--cached", "rules")
    commit(repository.folder, "cases")
    result = diff(repository, "HEAD")
    assert result.exit_code == 0
    assert result.stderr.endswith("rules has no rules in HEAD: all requests are new\n")
    assert "shop/confirm: appears\n" in result.stdout


def test_a_file_that_did_not_load_is_left_out_and_the_rest_is_compared(repository: Desk) -> None:
    two = "sources: {store-a: {}, store-b: {}}\n"
    repository.write_rules(RULES.replace("    send:", "    sned:") + two, "store")
    repository.write_rules("rules: [", "bad")
    commit(repository.folder)
    repository.write_rules(RULES + two, "store")
    repository.write_rules(RULES, "bad")
    repository.write_rules(OTHER)
    for name in ("store-a", "bad"):
        repository.write_case(WEBHOOK, f"{name}/an-order")
    result = diff(repository, "HEAD")
    assert result.exit_code == 0
    left = [it for it in result.stderr.splitlines() if it.startswith("left out")]
    assert [it.partition("rules/")[2] for it in left] == [
        "bad.yaml does not load in HEAD, line 2: not YAML: did not find expected node content",
        "store.yaml does not load in HEAD, line 10: unknown key sned; did you mean send?",
    ]
    assert result.stdout.startswith("shop/confirm: changed\n")
    assert result.stdout.endswith("1 webhook compared; changed: 1\n")
    assert told(repository)["notes"] == left


def test_present_rules_that_do_not_load_end_it(repository: Desk) -> None:
    repository.write_rules("rules: []\n")
    assert diff(repository, "HEAD").exit_code == 1


def test_a_case_that_is_gone_or_was_another_is_compared_too(repository: Desk) -> None:
    repository.write_case(WEBHOOK.replace("41", "50"), "shop/gone")
    commit(repository.folder)
    (repository.cases / "shop" / "gone.yaml").unlink()
    repository.write_case(WEBHOOK.replace("41", "60"))
    repository.write_rules(OTHER)
    ((path, webhooks),) = paths(repository)
    assert path == ORDER
    assert sorted(webhooks) == [
        "case shop/an-order",
        "case shop/an-order at HEAD",
        "case shop/gone at HEAD",
    ]


def test_the_samples_of_the_revision_are_compared_too(project: Desk) -> None:
    project.write_case("webhook: {event: order, change: {number: 43}}", "shop/by-sample")
    commit(project.folder)
    project.write_rules(OTHER)
    now = ["case shop/an-order", "case shop/by-sample", "events/order.json"]
    assert [(path, sorted(names)) for path, names in paths(project)] == [(ORDER, now)]
    write_sample(project, {**SAMPLE, "body": {**SAMPLE["body"], "email": "c@example.org"}})  # type: ignore[dict-item] # its body is a dict
    then = ["case shop/by-sample at HEAD", "events/order.json at HEAD"]
    ((_, names),) = paths(project)
    assert sorted(names) == sorted([*now, *then])
    shutil.rmtree(project.folder / "events")
    (project.folder / "events").mkdir()
    ((_, names),) = paths(project)
    assert sorted(names) == sorted(["case shop/an-order", *then])


def test_a_broken_sample_or_case_of_the_revision_is_left_out(project: Desk) -> None:
    write_sample(project, "{", "broken")
    project.write_case("webhook: {}", "shop/broken")
    commit(project.folder)
    (project.folder / "events" / "broken.json").unlink()
    (project.cases / "shop" / "broken.yaml").unlink()
    project.write_rules(OTHER)
    result = diff(project, "HEAD")
    assert result.exit_code == 0
    assert "left out: events/broken.json is no sample in HEAD\n" in result.stderr
    assert (
        "left out: case shop/broken cannot be read in HEAD: a webhook has either" in result.stderr
    )


def test_a_link_in_the_revision_is_not_followed(repository: Desk) -> None:
    (repository.rules / "more.yaml").symlink_to("/etc/passwd")
    commit(repository.folder)
    (repository.rules / "more.yaml").unlink()
    (note,) = told(repository)["notes"]
    assert "more.yaml is no file in HEAD, but a link" in note


def test_a_rules_file_that_is_a_link_is_left_out_with_a_note(project: Desk) -> None:
    (project.rules / "linked.yaml").symlink_to("shop.yaml")
    write_sample(project, SAMPLE | {"source": "linked"}, "linked")
    commit(project.folder)

    found = told(project)
    assert found["changes"] == []
    assert [it for it in found["notes"] if "linked.yaml is no file in HEAD, but a link" in it]


def test_a_file_whose_name_is_no_text_is_left_out_with_a_note(repository: Desk) -> None:
    file = os.fsencode(repository.rules) + b"/sh\xffop.yaml"
    Path(os.fsdecode(file)).write_text(RULES, encoding="utf-8")
    commit(repository.folder)

    notes = told(repository)["notes"]
    assert [it for it in notes if "sh?op.yaml is no file in HEAD" in it]


@pytest.mark.parametrize("name", ["HEAD:rules", "tree-tag"])
def test_a_tree_is_no_commit(repository: Desk, name: str) -> None:
    git(repository.folder, "tag", "tree-tag", "HEAD^{tree}")
    result = diff(repository, name)
    assert result.exit_code == 2
    assert f"{name} is no commit" in unframed(result.stderr)
