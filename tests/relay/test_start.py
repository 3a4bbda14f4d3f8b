"""The command can be ended from its first moment on, without a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from relay.paths import PROJECT

LIBRARIES = f"{PROJECT}{os.pathsep}{PROJECT / 'src'}"


def test_what_comes_before_ctrl_c_is_seen_to_loads_no_library() -> None:
    code = "import sys, relay.start; print(*sys.modules)"
    environment = {"PYTHONPATH": LIBRARIES, "PATH": ""}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "relay.start" in loaded
    assert not {"relay.cli", "typer", "boto3", "rich", "handler"}.intersection(loaded)


def test_ctrl_c_while_libraries_load_ends_it_quietly(tmp_path: Path) -> None:
    slow = "import time; print('loading', flush=True); time.sleep(60)"
    (tmp_path / "typer.py").write_text(slow, encoding="utf-8")  # found before the real one
    with subprocess.Popen(
        [sys.executable, "-c", "from relay.start import main; main()", "status"],
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{LIBRARIES}", "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "loading\n"
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (-signal.SIGINT, "")


def test_a_command_ends_without_a_collection_of_garbage_among_all_modules() -> None:
    code = """
import atexit, gc
atexit.register(lambda: print("frozen", gc.get_freeze_count() > 0))
from relay.start import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        env={"PYTHONPATH": LIBRARIES, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "frozen True"
