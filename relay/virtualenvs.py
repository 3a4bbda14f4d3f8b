"""Virtual environments for tools that cannot share ours (the lock's conflicting groups)."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from relay.console.progress import step
from relay.paths import ENVIRONMENTS, PROJECT

# A worker of the local stack writes no bytecode: without it each start compiles boto3 anew, which
# takes longer than all the rest of the start.
_COMPILED: Final = {"lambda-runtime"}


def uv(*arguments: str, **environment: str) -> None:
    """Run the project's uv; its output is shown only if it fails."""
    run = subprocess.run(
        [Path(sys.executable).with_name("uv"), *arguments],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"uv {' '.join(arguments)} failed:\n{run.stderr}")


def environment(group: str) -> Path:
    """Install a locked dependency group if it is missing; return its folder of programs.

    What was installed of this lock, for this Python, is not asked for again.
    """
    folder = ENVIRONMENTS / group
    stamp, current = folder / "installed", _state()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == current:
        return folder / "bin"
    step(f"installing {group} in {folder.parent.name}/ (once)")
    stamp.unlink(missing_ok=True)
    uv(
        "sync",
        "--locked",
        "--no-default-groups",
        "--no-install-project",
        *("--only-group", group, "--python", sys.executable),
        *(["--compile-bytecode"] if group in _COMPILED else []),
        UV_PROJECT_ENVIRONMENT=str(folder),
        VIRTUAL_ENV="",
    )
    stamp.write_text(current, encoding="utf-8")
    return folder / "bin"


def _state() -> str:
    """Return a digest of all that an environment is made of."""
    made_of = [(PROJECT / name).read_bytes() for name in ("pyproject.toml", "uv.lock")]
    python = f"{sys.version} {sys.base_prefix} {ENVIRONMENTS.resolve()}".encode()
    return hashlib.sha256(b"\0".join([*made_of, python])).hexdigest()
