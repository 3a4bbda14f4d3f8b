"""Compiled rules of a package as ingest reads them: only where they are certainly right."""

import json
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler import compiled_rules, rules_directory
from handler.compiled_rules import FILE, code, rules_files
from handler.core.errors import RulesError
from handler.core.rules.compiled_file import READER, NotUsable, head, read_compiled
from handler.core.rules.encode_source import write_compiled
from handler.core.rules.source import Source
from handler.rules_build import variants, write
from relay.paths import PROJECT
from tests.examples import examples
from tests.handler.core.rules.compiled import exact
from tests.handler.core.rules_files import GOOD, changed
from tests.handler.test_ingest import ENVIRONMENT, request

TWO_STAGES = changed("  dev: {campaign: c-1}", "  dev: {campaign: c-1}\n  prod: {campaign: c-2}")
USA = changed("    send:", "    workspace: usa\n    send:", TWO_STAGES)
ANY_STAGE = changed("vars:\n  dev: {campaign: c-1}\n", "").replace("${vars.campaign}", "c-3")
SALE = changed(
    "      recipients:\n        - external_user_id: ${body.id}\n",
    "      broadcast: true\n    allow_broadcast: true\n",
    TWO_STAGES,
)
RULES = {"home": TWO_STAGES, "abroad": USA, "both": ANY_STAGE, "sale": SALE}
WORKSPACES = "usa: {endpoint: https://rest.iad-03.braze.com}\n"
Log = pytest.LogCaptureFixture


def folder_in(place: Path) -> Path:
    """Return a folder of rules that are compiled."""
    folder = place / "rules"
    folder.mkdir()
    for name, text in RULES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "workspaces.yaml").write_text(WORKSPACES, encoding="utf-8")
    write(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_in(tmp_path)


def plain(found: Any) -> Any:
    """Return sources, and errors, by all that they are."""
    return {
        name: exact(one) if isinstance(one, Source) else list(one.findings)
        for name, one in found.items()
    }


def read(folder: Path, caplog: Log, stage: str = "dev", *, broadcasts: bool = False) -> list[Any]:
    """Read rules as they are served, which is as they are loaded; return what the log says."""
    caplog.clear()
    found = compiled_rules.read(folder, stage, broadcasts=broadcasts)
    loaded = rules_directory.read(folder, stage, broadcasts=broadcasts)
    assert plain(found) == plain(loaded)
    assert all(one.levelname == "WARNING" for one in caplog.records)
    return [vars(one)["why"] for one in caplog.records]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_one_file_serves_every_stage_that_the_rules_name(
    folder: Path, stage: str, caplog: Log
) -> None:
    assert read(folder, caplog, stage) == []
    assert read(folder, caplog, stage, broadcasts=True) == []


def test_a_broadcast_that_a_deployment_does_not_allow_is_its_error(folder: Path) -> None:
    found = compiled_rules.read(folder, "dev")
    assert isinstance(found["sale"], RulesError)
    assert "set its parameter AllowBroadcast=true" in str(found["sale"])
    assert isinstance(compiled_rules.read(folder, "dev", broadcasts=True)["sale"], Source)


def test_a_stage_that_no_rules_name_is_loaded_from_its_files(folder: Path, caplog: Log) -> None:
    (why,) = read(folder, caplog, "qa")
    assert why == "abroad is not there for stage qa"


def test_rules_without_variables_serve_any_stage(folder: Path, caplog: Log) -> None:
    for name in ("home", "abroad", "sale"):
        (folder / f"{name}.yaml").unlink()
    write(folder)
    assert read(folder, caplog, "qa") == []


def edited(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "change, why",
    [
        (edited("home.yaml", GOOD), "they are of other rules: home.yaml"),
        (edited("home.yaml", f"{TWO_STAGES}\n"), "they are of other rules: home.yaml"),
        (edited("more.yaml", ANY_STAGE), "they are of other rules: more.yaml"),
        (edited("home.yaml", "not: [rules"), "they are of other rules: home.yaml"),
        (edited("workspaces.yaml", ""), "they are of other rules: workspaces.yaml"),
        (lambda it: (it / "home.yaml").unlink(), "they are of other rules: home.yaml"),
        (lambda it: (it / "workspaces.yaml").unlink(), "they are of other rules: workspaces.yaml"),
        (lambda it: (it / "more.yaml").mkdir(), "more.yaml cannot be read"),
        (lambda it: (it / FILE).unlink(), "there are none"),
        (lambda it: ((it / FILE).unlink(), (it / FILE).mkdir()), "there are none"),
        (edited(FILE, ""), "they are damaged: what was written differs"),
        (edited(FILE, "\n"), "they are damaged: what was written differs"),
        (edited(FILE, "{}"), "they are damaged: what was written differs"),
    ],
)
def test_compiled_rules_of_other_files_are_not_used(
    folder: Path, change: Callable[[Path], object], why: str, caplog: Log
) -> None:
    change(folder)
    assert read(folder, caplog) == [why]


def test_a_hidden_file_is_no_rules_file(folder: Path, caplog: Log) -> None:
    (folder / ".#home.yaml").symlink_to("me@here.123:456")
    assert read(folder, caplog) == []


FOREIGN = [b"", b"7", b"[]", b"{}", b"not JSON", b'{"rules": {}, "code": 1}']


@pytest.mark.parametrize("content", FOREIGN)
def test_a_foreign_file_with_its_own_digest_is_not_used(
    folder: Path, content: bytes, caplog: Log
) -> None:
    (folder / FILE).write_bytes(head(content) + content)
    assert read(folder, caplog) == ["they are of another relay: their index differs"]


@pytest.mark.parametrize(
    "change",
    [
        lambda index, _lines: index["sources"].update(home=[["dev", 9_999, 9_999]]),
        lambda index, _lines: index["sources"].update(home=[["dev", "a", "b"]]),
        lambda index, _lines: index["sources"].update(home=7),
        lambda _index, lines: lines.__setitem__(slice(None), [b"{}"] * len(lines)),
        lambda _index, lines: lines.__setitem__(slice(None), [b"[1"] * len(lines)),
    ],
)
def test_an_edited_file_that_was_given_its_own_digest_and_cannot_be_decoded_is_not_used(
    folder: Path, change: Callable[[Any, list[bytes]], object], caplog: Log
) -> None:
    _, first, *lines = (folder / FILE).read_bytes().split(b"\n")
    index = json.loads(first)
    change(index, lines)
    body = b"\n".join([json.dumps(index).encode(), *lines])
    (folder / FILE).write_bytes(head(body) + body)
    (why,) = read(folder, caplog)
    assert re.fullmatch("they are of another relay: [a-z]+ cannot be decoded", why)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_was_cut_or_edited_anywhere_is_damaged(
    folder: Path, data: st.DataObject
) -> None:
    content = (folder / FILE).read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    before, byte, after = content[:at], content[at], content[at + 1 :]
    other = bytes([data.draw(st.integers(0, 255).filter(lambda one: one != byte))])
    for edit in (before, before + after, before + other + after, content + b"\n"):
        with pytest.raises(NotUsable, match="damaged"):
            read_compiled(edit)


def test_compiled_rules_of_an_older_relay_are_not_used(folder: Path, caplog: Log) -> None:
    older = code() | {"core/rules/checks.py": b"# as it was"}
    content = write_compiled(variants(folder), rules_files(folder), older)
    (folder / FILE).write_bytes(content)
    assert read(folder, caplog) == ["they are of another relay: core/rules/checks.py"]


def test_a_package_may_lack_code_that_its_function_does_not_reach_but_not_the_reader(
    folder: Path,
) -> None:
    compiled = read_compiled((folder / FILE).read_bytes())
    rules = rules_files(folder)
    compiled.check(rules, {name: text for name, text in code().items() if "delivery" not in name})
    with pytest.raises(NotUsable, match=READER):
        compiled.check(rules, {name: text for name, text in code().items() if name != READER})


def test_all_code_that_loads_rules_counts() -> None:
    made = subprocess.run(
        [sys.executable, "-c", "import sys, handler.rules_directory; print(*sys.modules)"],
        env={"PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = {name.replace(".", "/") for name in made if name.startswith("handler.")}
    known = {name.removesuffix(".py").removesuffix("/__init__") for name in code()}
    assert {name.removeprefix("handler/") for name in ours} <= known


START = """
import json, sys
import jmespath.parser

def refuse(*_):
    raise AssertionError("parsed")

jmespath.parser.Parser.parse = refuse
import handler.ingest
from handler.ingest import Ingest, RULES, compiled_rules
from handler.aws.secrets import SecretCache
from handler.settings import IngestSettings

class Aws:
    sent = []
    def get_secret_value(self, **_):
        return {"SecretString": json.dumps({"shopify": "first-secret"}), "VersionId": "1"}
    def send_message_batch(self, Entries, **_):
        self.sent += Entries
        return {}

given = IngestSettings.from_environment(ENVIRONMENT)
aws = Aws()
sources = compiled_rules.read(RULES, "dev")
taking = Ingest(given, sources, SecretCache(aws, "", lambda: 0.0), aws)
print(json.dumps([taking.answer(EVENT), len(aws.sent), list(sys.modules)]), file=sys.stderr)
"""


def started(package: Path) -> tuple[Any, int, set[str], str]:
    """Answer a webhook in a new Python; return answer, messages, modules, and what it logged."""
    values = f"ENVIRONMENT = {ENVIRONMENT!r}\nEVENT = {request('first-secret')!r}\n"
    run = subprocess.run(
        [sys.executable, "-c", values + textwrap.dedent(START)],
        cwd=package,
        env={"PYTHONPATH": str(package), "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer, sent, modules = json.loads(run.stderr.splitlines()[-1])
    return answer, sent, set(modules), run.stdout


def test_a_start_with_compiled_rules_imports_no_yaml_and_no_pydantic_and_parses_nothing(
    tmp_path: Path,
) -> None:
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "src" / "handler", tmp_path / "handler", ignore=skipped)
    shutil.copytree(PROJECT / "tests" / "rules", tmp_path / "rules")
    # As a builder runs it: with the code of the package, and the libraries of this machine.
    subprocess.run(
        [sys.executable, "-m", "handler.rules_build", tmp_path / "rules"],
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
    )
    answer, sent, modules, said = started(tmp_path)
    assert (answer["statusCode"], sent) == (200, 1)
    assert not {"yaml", "pydantic", "handler.rules_directory", "handler.core.rules.load"} & modules
    assert "compiled rules" not in said
