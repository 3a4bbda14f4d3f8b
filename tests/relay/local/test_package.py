"""The local stack's packages: those that `sam build` makes, for this host."""

import fcntl
import io
import os
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from relay.local.package import package, packages
from relay.paths import BUILD, PROJECT, SOURCE

RULES = PROJECT / "tests" / "rules"


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_each_function_has_its_own_with_the_given_rules_and_a_start() -> None:
    made = {name: opened(content) for name, content in packages(RULES).items()}
    ingest, deliver = (set(made[name].namelist()) for name in ("IngestFunction", "DeliverFunction"))
    assert {"handler/ingest.py", "rules/shopify.yaml", "bootstrap"} <= ingest
    assert "rules/compiled_rules.jsonl" in ingest
    assert {"handler/deliver.py", "bootstrap"} <= deliver
    assert not [name for name in deliver if name.startswith(("rules/", "pydantic", "yaml/"))]
    for zipped in made.values():
        assert zipped.getinfo("bootstrap").external_attr >> 16 == 0o755
        assert b"-m awslambdaric" in zipped.read("bootstrap")


def test_all_of_their_bytecode_holds_though_every_file_is_dated_1980() -> None:
    for content in packages(RULES).values():
        package = opened(content)
        codes = [it for it in package.infolist() if it.filename.endswith(".pyc")]
        assert len(codes) > 100
        for code in codes:
            assert code.date_time[0] == 1980
            assert package.read(code)[4] & 1, "by a hash"


def test_the_same_sources_are_packed_into_the_same_bytes_without_being_built_again() -> None:
    first = packages(RULES)
    folders = set(BUILD.glob("*Function-*"))
    assert packages(RULES) == first
    assert set(BUILD.glob("*Function-*")) == folders


def test_other_rules_change_the_rules_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("verify: {}\n", encoding="utf-8")
    before, after = (opened(packages(it)["IngestFunction"]) for it in (RULES, tmp_path))
    assert {it for it in after.namelist() if it.startswith("rules/")} == {"rules/mine.yaml"}, (
        "not compiled: it has a mistake"
    )
    for name in after.namelist():
        if not name.startswith("rules/"):
            assert after.read(name) == before.read(name)


def test_what_was_made_of_sources_that_have_changed_is_deleted_after_a_day_unless_a_stack_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages(RULES)
    source = tmp_path / "src"
    shutil.copytree(SOURCE, source)
    old, used, recent = (BUILD / f"DeliverFunction-of-{name}" for name in ("old", "use", "today"))
    for folder in (old, used, recent):
        folder.mkdir(exist_ok=True)
    for folder in (old, used):
        os.utime(folder, (0, 0))
    (source / "handler" / "more.py").write_text(f"# {tmp_path}", encoding="utf-8")
    monkeypatch.setattr("relay.local.package.SOURCE", source)
    before = set(BUILD.iterdir())
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    packages(RULES)
    assert (old.exists(), used.exists(), recent.exists()) == (False, True, True)
    os.close(lock)
    for folder in {used, recent} | set(BUILD.iterdir()) - before:
        shutil.rmtree(folder)


def test_a_stack_of_this_machine_gets_the_same_by_links() -> None:
    for name, content in packages(RULES).items():
        whole, linked = opened(content), opened(package(name, RULES))
        links = [one for one in linked.infolist() if stat.S_ISLNK(one.external_attr >> 16)]
        found = {one.filename: linked.read(one) for one in linked.infolist() if one not in links}
        for link in links:
            start = Path(os.fsdecode(linked.read(link)))
            for file in [start, *start.rglob("*")]:
                if file.is_file():
                    found[str(Path(link.filename) / file.relative_to(start))] = file.read_bytes()
        assert found == {one: whole.read(one) for one in whole.namelist()}
        assert not [one for one in links if one.filename in {"handler", "rules"}]
