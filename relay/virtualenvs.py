"""Virtual environments for tools that cannot share ours (the lock's conflicting groups)."""

import os
import subprocess
import sys
from pathlib import Path

from relay.paths import ENVIRONMENTS, PROJECT


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
    """Install a locked dependency group if it is missing; return its folder of programs."""
    folder = ENVIRONMENTS / group
    uv(
        "sync",
        "--locked",
        "--no-default-groups",
        "--no-install-project",
        *("--only-group", group, "--python", sys.executable),
        UV_PROJECT_ENVIRONMENT=str(folder),
        VIRTUAL_ENV="",
    )
    return folder / "bin"
