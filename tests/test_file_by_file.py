"""A run file by file has the outcomes of any other, and loads each file in one process alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relay.paths import PROJECT

CONFTEST = """\
import file_by_file
import pytest

def pytest_configure(config):
    file_by_file.register(config)

@pytest.fixture(scope="module")
def shared(request):
    yield request.path.name
    with open("said", "a") as said:
        said.write(f"{request.path.name} is taken down\\n")
"""
LOADED = """\
import pytest
with open("said", "a") as said:
    said.write(f"{__name__.split('.')[-1]} is loaded\\n")
"""
FILES = {
    "test_good": """
@pytest.mark.parametrize("number", range(3))
def test_it(shared, number):
    assert shared == "test_good.py"
""",
    "test_bad": """
def test_it(shared):
    assert shared == "somebody else's"
def test_other(shared):
    pass
""",
    "test_unfit": """
@pytest.fixture
def broken():
    raise RuntimeError("set up in vain")
@pytest.fixture
def torn():
    yield
    raise RuntimeError("torn down in vain")
def test_it(broken):
    pass
def test_other(torn):
    pass
""",
    "below/test_empty": "",
    "below/test_unloaded": "raise RuntimeError('no module')\n",
    "other/test_skipped": """
@pytest.mark.skip(reason="not today")
def test_it():
    pass
def test_other(shared):
    pass
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    for name, text in FILES.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(LOADED + text, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, str, list[str]]:
    """Return the exit code of a run, what it says, and what its tests do."""
    said = folder / "said"
    said.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses", "2", "--dist", "loadfile", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, sorted(said.read_text().splitlines())


def test_every_file_is_loaded_once_and_every_outcome_is_told(folder: Path) -> None:
    code, told, done = run(folder, "--quiet")
    assert code == 1
    assert "1 failed, 6 passed, 3 skipped, 3 errors" in told
    for word in ("somebody else's", "set up in vain", "torn down in vain", "no module"):
        assert word in told
    assert done == sorted(
        [f"{name.rpartition('/')[2]} is loaded" for name in FILES]
        + [f"test_{name}.py is taken down" for name in ("good", "bad", "skipped")]
    )
    assert re.findall(r"\[ *(\d+)%\]", told)[-1] == "100"


def test_what_is_left_out_by_its_name_does_not_run(folder: Path) -> None:
    code, told, done = run(folder, "--quiet", "-k", "test_good", "test_good.py", "other")
    assert (code, "3 passed" in told) == (0, True)
    assert "test_skipped.py is taken down" not in done


def test_after_as_many_failures_as_asked_for_nothing_more_runs(folder: Path) -> None:
    code, told, done = run(folder, "--quiet", "--maxfail", "1", "test_bad.py")
    assert code == 2
    assert "1 failed" in told
    assert "passed" not in told
    assert done == ["test_bad is loaded", "test_bad.py is taken down"]
