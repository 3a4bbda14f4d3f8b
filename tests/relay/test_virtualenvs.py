"""An environment is installed once for each lock; a change of the lock installs it anew."""

from importlib.util import cache_from_source
from pathlib import Path

import pytest

from relay import virtualenvs
from relay.virtualenvs import environment

UV = """\
#!/bin/sh
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
echo "$@" >> "$UV_PROJECT_ENVIRONMENT/../runs"
test ! -e "$UV_PROJECT_ENVIRONMENT/../broken"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose uv notes that it ran."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uv").write_text(UV)
    (programs / "uv").chmod(0o755)
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_text("first")
    monkeypatch.setattr(virtualenvs, "PROJECT", tmp_path)
    monkeypatch.setattr(virtualenvs, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setattr("sys.executable", str(programs / "python"))
    return tmp_path


def runs(project: Path) -> int:
    return len((project / "environments" / "runs").read_text().splitlines())


def test_what_is_installed_is_not_asked_for_again_until_the_lock_changes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment("tool") == environment("tool") == project / "environments" / "tool" / "bin"
    assert runs(project) == 1
    assert "installing tool in environments/ (once)" in capsys.readouterr().err
    (project / "uv.lock").write_text("second")
    environment("tool")
    assert runs(project) == 2


def test_what_could_not_be_installed_is_asked_for_again(project: Path) -> None:
    (project / "environments").mkdir()
    broken = project / "environments" / "broken"
    broken.touch()
    with pytest.raises(RuntimeError, match="uv sync --locked"):
        environment("tool")
    broken.unlink()
    environment("tool")
    assert runs(project) == 2


def test_a_worker_which_writes_no_bytecode_finds_that_of_boto3() -> None:
    libraries = environment("lambda-runtime").parent / "lib"
    (session,) = libraries.glob("*/site-packages/boto3/session.py")
    assert Path(cache_from_source(session)).is_file()
