"""Bytecode of a package: valid in an archive that is dated 1980, seen to be edited, repeatable."""

import io
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import pytest

from builder.bytecode import CHECKED, UNCHECKED, compile_modules, find_python
from builder.errors import BuildFailed
from builder.package import FUNCTIONS, Sources, add_code
from builder.package import build as build_package
from builder.target import HERE, BuildTarget
from relay.paths import SOURCE
from tests.builder.conftest import NAMES, PYTHON, RULES, Builder
from tests.builder.test_package import run

FLAGS = {CHECKED: 0b11, UNCHECKED: 0b01}  # PEP 552
NONE = BuildTarget("3.99", None)
INGEST = """
import handler.ingest, pathlib, sys
from handler import {reader}
assert {reader}.read(pathlib.Path("rules"), "dev")
assert ("yaml" in sys.modules) is {is_read}
"""
LOAD = {
    "DeliverFunction": "import handler.deliver",
    "IngestFunction": INGEST.format(reader="rules_directory", is_read=True),
}


def archived(package: Path, folder: Path) -> Path:
    """Return a package as Lambda unpacks what SAM has packed: all of it dated 1980."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in package.rglob("*"):
            if file.is_file():
                entry = zipfile.ZipInfo(str(file.relative_to(package)))
                archive.writestr(entry, file.read_bytes())
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    for file in folder.rglob("*"):
        os.utime(file, (315_532_800, 315_532_800))  # 1980-01-01
    return folder


def compiled(package: Path, said: str) -> set[str]:
    """Return the modules of a package whose source Python has compiled, as its option -v tells."""
    places = re.findall(r"^# code object from '?([^'\n]+?\.py)'?$", said, re.MULTILINE)
    return {it for it in places if Path(it).is_relative_to(package)}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_compiled_at_a_cold_start_and_no_bytecode_is_stale(
    build: Builder, name: str, tmp_path: Path
) -> None:
    package = archived(build(name), tmp_path)
    said = run(package, LOAD[name], "-v").stderr
    assert compiled(package, said) == set()
    assert "stale" not in said
    assert len(re.findall(rf"^# .*matches {package}/", said, re.MULTILINE)) > 100


def test_nothing_is_compiled_either_where_the_rules_are_compiled_and_files_are_not_read(
    tmp_path: Path,
) -> None:
    why = build_package("IngestFunction", SOURCE, tmp_path / "made", HERE, PYTHON)
    assert why == ""
    package = archived(tmp_path / "made", tmp_path / "archived")
    said = run(package, INGEST.format(reader="compiled_rules", is_read=False), "-v").stderr
    assert compiled(package, said) == set()
    assert "compiled rules are not used" not in said
    rare = [*package.glob("pydantic/**/*.pyc"), *package.glob("handler/core/configuration/*/yaml*")]
    assert rare == [], "what reads rules files is rarely loaded"


def test_without_bytecode_every_module_would_be_compiled(
    copy: Callable[[str], Path],
) -> None:
    package = copy("DeliverFunction")
    for file in package.rglob("*.pyc"):
        file.unlink()
    said = run(package, "import handler.deliver", "-v").stderr
    assert len(compiled(package, said)) > 100


@pytest.mark.parametrize("name", NAMES)
def test_ours_is_checked_by_its_hash_and_a_library_is_not(build: Builder, name: str) -> None:
    package = build(name)
    for file in package.rglob("*.pyc"):
        ours = file.relative_to(package).parts[0] == "handler"
        content = file.read_bytes()
        assert content[:4] == MAGIC_NUMBER
        assert content[4] == FLAGS[CHECKED if ours else UNCHECKED]
    for source in (package / "handler").rglob("*.py"):
        assert Path(cache_from_source(source)).is_file()


def test_every_bytecode_has_its_source(build: Builder) -> None:
    package = build("IngestFunction")
    for file in package.rglob("*.pyc"):
        assert (file.parents[1] / f"{file.name.split('.')[0]}.py").is_file()


def test_an_edited_source_is_seen_beside_old_bytecode(copy: Callable[[str], Path]) -> None:
    package = copy("DeliverFunction")
    source = package / "handler" / "core" / "reasons.py"
    stamp = source.stat()
    source.write_text(f"{source.read_text(encoding='utf-8')}\nEDITED = 1\n", encoding="utf-8")
    os.utime(source, (stamp.st_atime, stamp.st_mtime))
    run(package, "import handler.deliver; from handler.core.reasons import EDITED")


def test_two_builds_of_the_same_sources_are_the_same_bytes(build: Builder) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        files = (it for it in folder.rglob("*") if it.is_file())
        return {str(it.relative_to(folder)): it.read_bytes() for it in files}

    first, second = (contents(build("IngestFunction", to)) for to in ("first", "second"))
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_no_file_names_the_folder_that_it_was_built_in(build: Builder) -> None:
    package = build("DeliverFunction")
    for file in package.rglob("*.pyc"):
        assert str(build.folder).encode() not in file.read_bytes()


def test_without_a_python_a_package_is_the_same_but_for_bytecode(
    build: Builder, tmp_path: Path, wheels: Path
) -> None:
    add_code(
        FUNCTIONS["DeliverFunction"],
        Sources(SOURCE, RULES, wheels),
        tmp_path,
        None,
        reads_rules=False,
    )
    plain = {it.relative_to(tmp_path) for it in tmp_path.rglob("*") if it.is_file()}
    whole = build("DeliverFunction")
    files = {it.relative_to(whole) for it in whole.rglob("*") if it.is_file()}
    assert plain == {it for it in files if it.suffix != ".pyc"} < files


def test_this_python_is_found_for_its_own_version() -> None:
    assert find_python(HERE) == PYTHON
    assert find_python(HERE, PYTHON) == PYTHON


@pytest.mark.parametrize("given", [PYTHON, Path("/nowhere/python3.99"), Path("/etc/passwd")])
def test_a_given_python_that_does_not_fit_is_refused(given: Path) -> None:
    with pytest.raises(BuildFailed, match=f"^{given} is no Python 3.99"):
        find_python(NONE, given)


def program(file: Path, says: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a machine whose path, and whose pyenv, are folders of this test."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


RELEASE, PREVIEW = "echo cpython-399 final", "echo cpython-399 candidate"


@pytest.mark.parametrize("says", ["exit 127", PREVIEW, "echo cpython-398 final", "echo", "sleep 1"])
def test_what_cannot_be_run_or_is_no_release_of_the_version_is_passed_over(
    machine: Path, says: str
) -> None:
    program(machine / "bin" / "python3.99", says)
    assert find_python(NONE) is None
    found = program(machine / "pyenv" / "versions" / "3.99.1" / "bin" / "python3.99", RELEASE)
    assert find_python(NONE) == found


def test_uv_tells_what_it_knows(machine: Path) -> None:
    found = program(machine / "elsewhere" / "python", RELEASE)
    program(machine / "bin" / "uv", f'[ "$4" = --no-python-downloads ] && echo {found}')
    assert find_python(NONE) == found


def test_a_module_that_cannot_be_compiled_fails_the_build_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def", encoding="utf-8")
    with pytest.raises(BuildFailed, match=r"cannot compile the package:\n.*bad.py"):
        compile_modules(PYTHON, tmp_path, {Path("bad.py"): CHECKED})


def test_a_traceback_names_the_place_where_the_package_is_and_not_where_it_was_built(
    copy: Callable[[str], Path], tmp_path: Path
) -> None:
    moved = tmp_path / "var" / "task"
    shutil.move(copy("DeliverFunction"), moved)
    code = "import handler.deliver as it; print(it.lambda_handler.__code__.co_filename)"
    assert run(moved, code).stdout.strip() == str(moved / "handler" / "deliver.py")


def test_a_python_that_finds_its_library_by_a_variable_compiles(
    apart: Path, tmp_path: Path
) -> None:
    (tmp_path / "good.py").touch()
    compile_modules(apart, tmp_path, {Path("good.py"): CHECKED})
    assert list(tmp_path.glob("__pycache__/good.*.pyc"))


def test_no_setting_of_the_python_that_builds_steers_the_one_that_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    (tmp_path / "good.py").touch()
    compile_modules(PYTHON, tmp_path, {Path("good.py"): CHECKED})
    (made,) = tmp_path.glob("__pycache__/*.pyc")
    assert "opt" not in made.name
