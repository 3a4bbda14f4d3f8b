"""`relay ci init`: the pipeline that it writes, and that its steps run in a clone of the tree."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from relay.ci import command
from relay.ci.command import PIPELINES, ForgeName, origin, pipeline
from relay.ci.comment import MARK, MOST, written
from relay.cli import app
from relay.paths import PROJECT
from relay.rules.check.report import Remark

WORKFLOW = PIPELINES[ForgeName.GITHUB]


def workflow() -> dict[str, Any]:
    text = pipeline(ForgeName.GITHUB, "", "acme/relay")[WORKFLOW]
    return dict(yaml.load(text, yaml.BaseLoader))  # noqa: S506 - `on` is a key, and no boolean


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workflow()["jobs"][job]["steps"]
    return found


@pytest.mark.parametrize("forge", ForgeName)
def test_files_are_written_once_and_never_over_others(
    forge: ForgeName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    done = CliRunner().invoke(app, ["ci", "init", "--forge", forge])
    assert done.exit_code == 0, done.output
    assert f"written: {PIPELINES[forge]}" in done.stdout
    (tmp_path / PIPELINES[forge]).write_text("mine", encoding="utf-8")
    (tmp_path / "ci-roles.yaml").unlink()

    again = CliRunner().invoke(app, ["ci", "init", "--forge", forge])

    assert again.exit_code == 1
    assert f"{PIPELINES[forge]} is there already" in again.stderr
    assert (tmp_path / PIPELINES[forge]).read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "ci-roles.yaml").exists()


def test_a_remote_that_does_not_say_which_forge_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    done = CliRunner().invoke(app, ["ci", "init"])
    assert f"written: {WORKFLOW}" in done.stdout
    assert "does not say which forge: these are for GitHub (--forge gitlab)" in done.stdout


def test_without_a_repository_it_is_said_who_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    done = CliRunner().invoke(app, ["ci", "init"])
    assert "ci-roles.yaml names no repository: give Repository=OWNER/NAME when" in done.stdout
    for name in (WORKFLOW, "ci-roles.yaml"):
        (tmp_path / name).unlink()
    named = CliRunner().invoke(app, ["ci", "init", "--repository", "acme/relay"])
    assert "names no repository" not in named.stdout


@pytest.mark.parametrize(
    "url, forge, trusted",
    [
        ("https://github.com/acme/relay", "gitlab", "gitlab.com"),
        ("git@gitlab.com:acme/relay.git", "github", "token.actions.githubusercontent.com"),
        ("https://git.acme.example/acme/relay", "gitlab", "git.acme.example"),
    ],
)
def test_a_remote_of_another_forge_says_neither_host_nor_repository(
    url: str, forge: str, trusted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "remote", "add", "origin", url)
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    done = CliRunner().invoke(app, ["ci", "init", "--forge", forge])
    assert done.exit_code == 0, done.output
    made = yaml.safe_load((tmp_path / "ci-roles.yaml").read_text(encoding="utf-8"))
    assert made["Resources"]["Provider"]["Properties"]["Url"] == f"https://{trusted}"
    is_told = "acme.example" in url
    assert (made["Parameters"]["Repository"].get("Default") == "acme/relay") is is_told


@pytest.mark.parametrize(
    "url, forge, path",
    [
        ("git@github.com:acme/relay.git", "github", "acme/relay"),
        ("https://github.com/acme/relay", "github", "acme/relay"),
        ("ssh://git@gitlab.acme.example:2222/group/sub/relay.git", "gitlab", "group/sub/relay"),
        ("https://token:x@gitlab.com/group/relay.git", "gitlab", "group/relay"),
        ("/srv/git/relay.git", "github", ""),
        ("", "github", ""),
    ],
)
def test_the_forge_and_the_repository_are_those_of_the_remote(
    url: str, forge: str, path: str, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    if url:
        git(tmp_path, "remote", "add", "origin", url)
    assert (origin(tmp_path).forge, origin(tmp_path).path) == (forge, path)


def test_a_pull_request_has_no_secret_no_aws_and_reads_only() -> None:
    made = workflow()
    assert made["on"] == {"pull_request": "", "push": {"branches": ["main"]}}
    assert made["permissions"] == {}
    jobs = {name: job["permissions"] for name, job in made["jobs"].items()}
    assert jobs["check"] == {"contents": "read"}
    assert jobs["comment"] == {"pull-requests": "write"}
    text = yaml.safe_dump(made)
    assert "secrets." not in text
    assert "pull_request_target" not in text
    assert [one for one in steps("comment") if "uses" in one] == []  # nothing of the request runs
    repository = "github.event.pull_request.head.repo.full_name == github.repository"
    assert repository in made["jobs"]["comment"]["if"]
    for job in ("check", "dev", "prod"):
        checkout = next(one for one in steps(job) if "checkout" in one.get("uses", ""))
        assert checkout["with"]["persist-credentials"] == "false"


def test_main_is_deployed_stage_by_stage_and_one_at_a_time() -> None:
    jobs = workflow()["jobs"]
    assert jobs["dev"]["if"] == "github.event_name == 'push'"
    assert jobs["prod"]["needs"] == "dev"
    for stage in ("dev", "prod"):
        job = jobs[stage]
        assert job["environment"] == stage
        assert job["permissions"] == {"contents": "read", "id-token": "write"}
        group = {"group": f"relay-{stage}", "cancel-in-progress": "false"}
        assert job["concurrency"] == group
        assert f"--config-env {stage} -- --role-arn" in steps(stage)[-1]["run"]


def test_each_action_is_pinned_by_its_commit_with_its_version_beside_it() -> None:
    text = pipeline(ForgeName.GITHUB, "", "")[WORKFLOW]
    used = re.findall(r"uses: (.*)", text)
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert used
    assert [one for one in used if not pinned.fullmatch(one)] == []
    assert not re.search(r"run:.*\$\{\{", text)  # what a title or a branch says is no command


def test_no_run_step_holds_an_expression() -> None:
    runs = [one["run"] for job in workflow()["jobs"] for one in steps(job) if "run" in one]
    assert [one for one in runs if "${{" in one] == []


def test_a_gitlab_deploys_one_at_a_time_and_prod_by_hand() -> None:
    made = yaml.safe_load(pipeline(ForgeName.GITLAB, "", "")[".gitlab-ci.yml"])
    assert made[".deploy"]["id_tokens"] == {"AWS_TOKEN": {"aud": "sts.amazonaws.com"}}
    assert [made[stage]["resource_group"] for stage in ("dev", "prod")] == [
        "relay-dev",
        "relay-prod",
    ]
    assert [rule.get("when") for rule in made["prod"]["rules"]] == ["manual"]
    assert made["prod"]["needs"] == ["dev"]
    assert "id_tokens" not in made["check"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the tree: a base, and a commit that changes a rule."""
    folder = tmp_path_factory.mktemp("clone") / "relay"
    listed = git(PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if name != ".venv" and (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((PROJECT / name).read_bytes())
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "base")
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    rules = folder / "src" / "rules" / "shopify.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("expires_after: 6h", "expires_after: 5h"), encoding="utf-8")
    assert rules.read_text(encoding="utf-8") != text
    commit(folder, "change")
    return folder


def git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "-C", folder, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def commit(folder: Path, subject: str) -> None:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    git(folder, "add", "--all")
    git(folder, *who, "commit", "--quiet", "--no-verify", "--message", subject)


def run(folder: Path, name: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the job `check` as the runner does."""
    (step,) = [one for one in steps("check") if one.get("name") == name]
    # The environment is the tree's own: the clone's code goes before it.
    code = os.pathsep.join([str(folder), str(folder / "src")])
    return bash(step["run"], folder, **{"NO_COLOR": "1", "PYTHONPATH": code} | given)


def bash(script: str, folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        shell, cwd=folder, env=os.environ | given, capture_output=True, text=True, check=False
    )


def test_the_steps_of_a_pull_request_check_test_and_comment(clone: Path, tmp_path: Path) -> None:
    checked = run(clone, "Check the rules")
    assert checked.returncode == 0, checked.stderr
    assert "good (stage dev)" in checked.stdout
    assert "::" not in checked.stderr, "these rules have nothing to annotate"
    assert run(clone, "Run the cases").returncode == 0

    base = git(clone, "rev-parse", "HEAD^").strip()
    output, summary = tmp_path / "output", tmp_path / "summary"
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    compared = run(clone, "Compare the requests", BASE=base, RUN_URL="https://r.example", **files)

    assert compared.returncode == 0, compared.stderr
    comment = summary.read_text(encoding="utf-8")
    assert comment.startswith(MARK)
    assert "shopify/" in comment
    assert "webhooks compared" in comment
    first, *lines, last = output.read_text(encoding="utf-8").splitlines()
    assert first == f"comment<<{last}"
    assert "\n".join(lines) == comment.rstrip("\n")


def test_a_mistake_is_annotated_at_its_line(clone: Path) -> None:
    rules = clone / "src" / "rules" / "shopify.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("once:", "onec:", 1), encoding="utf-8")
    try:
        checked = run(clone, "Check the rules")
    finally:
        rules.write_text(text, encoding="utf-8")
    line = text.partition("once:")[0].count("\n") + 1
    assert checked.returncode == 1
    assert f"::error file=src/rules/shopify.yaml,line={line},col=5::unknown key onec" in (
        checked.stderr
    )


GH = """\
import pathlib, sys
log, words = pathlib.Path("calls"), sys.argv[1:]
if "--paginate" in words:
    print("8\\n9" if log.exists() else "")
else:
    with log.open("a") as file:
        print(words, file=file)
"""


def test_the_comment_is_made_once_and_then_written_anew(tmp_path: Path) -> None:
    (step,) = steps("comment")
    program = tmp_path / "gh"
    program.write_text(f"#!{sys.executable}\n{GH}", encoding="utf-8")
    program.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    comments = "repos/acme/relay/issues/4/comments"
    given = {"PATH": path, "COMMENTS": comments, "GITHUB_REPOSITORY": "acme/relay"}
    body = f"{MARK}\n$(id) `id` \"quoted\" 'é'"
    for _ in range(2):
        done = bash(step["run"], tmp_path, **given, BODY=body)
        assert done.returncode == 0, done.stderr
    last = ["--raw-field", f"body={body}", "--silent"]
    made, again = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert ast.literal_eval(made) == ["api", "--method", "POST", comments, *last]
    anew = "repos/acme/relay/issues/comments/8"
    assert ast.literal_eval(again) == ["api", "--method", "PATCH", anew, *last]


def test_a_deployment_without_its_role_says_which_variable_is_not_set(tmp_path: Path) -> None:
    for stage in ("dev", "prod"):
        done = bash(steps(stage)[-1]["run"], tmp_path, SERVICE_ROLE="")
        assert done.returncode != 0
        assert "set the variable RELAY_SERVICE_ROLE of this environment" in done.stderr


def test_the_other_steps_set_up_and_check_the_template() -> None:
    named = {one["name"]: one["run"] for one in steps("check") if "run" in one}
    assert (named["Set up"], named["Check the template"]) == ("make .venv/ready", "make template")


def test_an_annotation_keeps_what_would_end_it() -> None:
    remark = Remark("note", "100%\nof it: a, b", "a,b:c.yaml", 3, 4)
    assert remark.annotation() == "::notice file=a%2Cb%3Ac.yaml,line=3,col=4::100%25%0Aof it: a, b"
    assert Remark("error", "no place").annotation() == "::error ::no place"


def test_a_long_comment_is_cut_at_a_line_and_says_where_the_whole_is() -> None:
    line = "order/confirmation: request, é\n"
    comment = written(line * 5_000, "https://r.example/7")
    assert MOST - 200 < len(comment.encode()) < MOST
    *_, cut = comment.splitlines()
    assert (
        cut
        == "Cut here: the whole is the artifact `rules-diff` of [this run](https://r.example/7)."
    )
    inside = comment.split("~~~~~~~~")[1].removeprefix("text\n")
    assert set(inside.splitlines()) == {line.rstrip("\n")}


def test_what_is_compared_cannot_end_its_block() -> None:
    comment = written("a\n~~~~~~~~\n# b", "")
    assert comment.count("~~~~~~~~") == 2
