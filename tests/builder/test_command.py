"""`python -m builder`: what it says where a package cannot be built as it is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.target import BuildTarget
from relay.paths import SOURCE
from tests.builder.conftest import NAMES


def builder(*arguments: str, into: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "builder", *arguments, "--into", str(into)],
        cwd=SOURCE,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ("OtherFunction", "--architecture", "arm64"),
            "OtherFunction cannot be built: unknown function OtherFunction: it is one of ",
        ),
        (
            ("DeliverFunction", "--architecture", "sparc"),
            "cannot be built: unknown architecture sparc: it is one of arm64, x86_64",
        ),
        (
            ("DeliverFunction", "--architecture", "arm64", "--runtime", "nodejs24.x"),
            "unknown runtime nodejs24.x: a package can be built for python3.N",
        ),
        (
            ("DeliverFunction", "--architecture", "arm64", "--python", "/bin/true"),
            "/bin/true is no Python 3.13",
        ),
    ],
)
def test_what_cannot_be_built_is_one_line_and_no_package(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    run = builder(*arguments, into=tmp_path / "package")
    assert run.returncode == 1
    assert words in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (tmp_path / "package").exists()


def test_lambdas_words_are_those_of_wheels_and_bytecode() -> None:
    target = BuildTarget.of("python3.13", "arm64")
    assert (target.python, target.machine, target.cache_tag) == ("3.13", "aarch64", "cpython-313")
    assert str(target) == "Python 3.13 on aarch64"


def test_an_old_python_is_told_which_it_must_be(tmp_path: Path) -> None:
    old = tmp_path / "a folder" / "python3"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho \"$2\" | grep -q '3, 11' && echo too old >&2 && exit 1\n")
    old.chmod(0o755)
    makefile = SOURCE / "builder" / "arm64" / "Makefile"
    run = subprocess.run(
        ["make", "--makefile", makefile, f"build-{NAMES[0]}", f"PYTHON={old}"],
        cwd=SOURCE,
        env={"PATH": os.environ["PATH"]},  # of a make that runs the tests, this one is no part
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode
    assert run.stderr.startswith("too old\n")
