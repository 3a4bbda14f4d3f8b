"""Libraries: installed by uv or pip with the locked hashes, and the files that go along."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import BuildFailed
from builder.libraries import Library, install
from builder.target import MACHINES, RUNTIME, BuildTarget
from relay.paths import SOURCE
from tests.builder.conftest import PYTHON

LOCK = (SOURCE / "requirements.txt").read_text(encoding="utf-8")
ARM = BuildTarget.of(RUNTIME, "arm64")
ELF = {"aarch64": 183, "x86_64": 62}  # e_machine
# Outside of this environment, so without uv beside it.
BASE = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def lock_of(folder: Path, *names: str) -> Path:
    """Return a file with the lines of the lock that are of some libraries."""
    parts = re.split(r"^(?=\S+==)", LOCK, flags=re.MULTILINE)
    file = folder / "requirements.txt"
    file.write_text("".join(part for part in parts if part.partition("==")[0] in names))
    return file


@pytest.fixture
def native(tmp_path: Path) -> Path:
    """Return the lock of a library whose wheels hold machine code."""
    return lock_of(tmp_path, "pydantic-core", "typing-extensions")


@pytest.fixture(scope="module")
def has_pip() -> bool:
    code = "from importlib.util import find_spec; assert find_spec('pip')"
    return not subprocess.run([BASE, "-c", code], capture_output=True, check=False).returncode


@pytest.fixture
def pip(has_pip: bool, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: FBT001 - a fixture
    """Return a Python with pip, on a machine without uv."""
    if not has_pip:
        pytest.skip("the Python that made this environment has no pip")
    monkeypatch.setattr("shutil.which", lambda *_args, **_more: None)
    return BASE


def assert_is_for(architecture: str, folder: Path) -> None:
    (module,) = folder.glob("pydantic_core/*.so")
    machine = MACHINES[architecture]
    assert f"cpython-{RUNTIME.removeprefix('python').replace('.', '')}-{machine}" in module.name
    assert int.from_bytes(module.read_bytes()[18:20], "little") == ELF[machine]


@pytest.mark.parametrize("architecture", MACHINES)
def test_wheels_are_for_the_targets_processor_and_python(
    native: Path, tmp_path: Path, architecture: str
) -> None:
    install(native, BuildTarget.of(RUNTIME, architecture), tmp_path / "into", PYTHON)
    assert_is_for(architecture, tmp_path / "into")


def test_without_uv_pip_installs_the_same_and_a_machines_habits_do_not_stop_it(
    native: Path, tmp_path: Path, pip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for habit in ("PIP_REQUIRE_VIRTUALENV", "PIP_USER"):  # each alone would stop it
        monkeypatch.setenv(habit, "1")
    install(native, ARM, tmp_path / "into", pip)
    assert_is_for("arm64", tmp_path / "into")


def spoil(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    lock.write_text(re.sub(r"sha256:\w{8}", f"sha256:{8 * '0'}", text), encoding="utf-8")


def test_a_lock_whose_hashes_do_not_match_is_not_installed(native: Path, tmp_path: Path) -> None:
    spoil(native)
    with pytest.raises(BuildFailed, match=r"(?i)hash") as failed:
        install(native, ARM, tmp_path / "into", PYTHON)
    first = str(failed.value).splitlines()[0]
    assert first == f"{native} cannot be installed for Python 3.13 on aarch64:"


def test_nor_is_it_by_pip(native: Path, tmp_path: Path, pip: Path) -> None:
    spoil(native)
    with pytest.raises(BuildFailed, match=r"(?i)hash"):
        install(native, ARM, tmp_path / "into", pip)


def test_a_lock_without_hashes_is_not_installed(native: Path, tmp_path: Path) -> None:
    native.write_text("typing-extensions==4.16.0\n", encoding="utf-8")
    with pytest.raises(BuildFailed, match="hash"):
        install(native, ARM, tmp_path / "into", PYTHON)


def paths(*names: str) -> frozenset[Path]:
    return frozenset(map(Path, names))


LIBRARY = Library(
    Path("lib-1.dist-info"),
    paths(
        "lib/__init__.py",
        "lib/fast.cpython-313-aarch64-linux-gnu.so",
        "lib/fast.pyi",
        "lib/py.typed",
        "lib/tables/a.json",
        "lib/ui/__init__.py",
        "lib/ui/page.js",
        "hash__mypyc.cpython-313-aarch64-linux-gnu.so",
        "lib-1.dist-info/METADATA",
        "lib-1.dist-info/WHEEL",
        "lib-1.dist-info/RECORD",
        "lib-1.dist-info/INSTALLER",
        "lib-1.dist-info/licenses/LICENSE.txt",
    ),
)


def test_data_go_along_with_the_modules_above_them() -> None:
    assert LIBRARY.kept(paths("lib/__init__.py", "other/__init__.py")) == paths(
        "lib/__init__.py",
        "lib/fast.cpython-313-aarch64-linux-gnu.so",
        "lib/tables/a.json",
        "hash__mypyc.cpython-313-aarch64-linux-gnu.so",
        "lib-1.dist-info/METADATA",
        "lib-1.dist-info/WHEEL",
        "lib-1.dist-info/licenses/LICENSE.txt",
    )
    assert Path("lib/ui/page.js") in LIBRARY.kept(paths("lib/ui/__init__.py"))
    assert Path("lib/tables/a.json") not in LIBRARY.kept(paths("lib/__init__.py"), ["*/a.json"])


def test_of_a_library_that_nothing_imports_nothing_is_kept() -> None:
    assert LIBRARY.kept(paths("other/__init__.py")) == frozenset()
