"""Each local stack that is up is found, however many there are; one whose process died is not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relay.paths import PROJECT
from relay.stacks.registry import LocalStack, local_stacks, registered

FIRST = LocalStack(
    "src/rules", "http://127.0.0.1:3000", "http://127.0.0.1:3001", "http://127.0.0.1:4566", {}, {}
)
SECOND = LocalStack("tests/rules", "http://127.0.0.1:3100", None, "http://127.0.0.1:4567", {}, {})
KILLED = """
import os, signal, sys
from pathlib import Path
from relay.stacks.registry import LocalStack, registered
stack = LocalStack("r", "http://127.0.0.1:3000", None, "http://127.0.0.1:1", {}, {})
with registered(stack, Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def both(tmp_path: Path) -> Iterator[ExitStack]:
    with registered(FIRST, tmp_path), ExitStack() as second:
        second.enter_context(registered(SECOND, tmp_path))
        yield second


@pytest.mark.usefixtures("both")
def test_all_stacks_are_found_by_port_with_all_that_was_registered(tmp_path: Path) -> None:
    assert local_stacks(tmp_path) == [FIRST, SECOND]
    assert [one.name for one in local_stacks(tmp_path)] == ["3000 src/rules", "3100 tests/rules"]


def test_the_end_of_one_stack_leaves_the_other_registered(both: ExitStack, tmp_path: Path) -> None:
    both.close()
    assert local_stacks(tmp_path) == [FIRST]
    assert len(files(tmp_path)) == 1


def test_nothing_is_left_of_a_stack_that_has_ended(tmp_path: Path) -> None:
    with registered(FIRST, tmp_path):
        pass
    assert files(tmp_path) == []


def test_a_stack_whose_process_was_killed_is_not_found_and_its_file_is_deleted(
    tmp_path: Path,
) -> None:
    killed = [sys.executable, "-c", KILLED, str(tmp_path)]
    subprocess.run(killed, cwd=PROJECT, check=False)
    assert len(files(tmp_path)) == 1
    assert local_stacks(tmp_path) == []
    assert files(tmp_path) == []


def test_a_file_that_another_process_reads_at_the_same_time_is_found_by_both(
    tmp_path: Path,
) -> None:
    with registered(FIRST, tmp_path):
        assert local_stacks(tmp_path) == local_stacks(tmp_path) == [FIRST]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"endpoint": "http://127.0.0.1:1"}'])
def test_what_is_no_registration_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "3000-1.json").write_text(text)
    assert local_stacks(tmp_path) == []


def test_without_a_folder_no_stack_is_up(tmp_path: Path) -> None:
    assert local_stacks(tmp_path / "none") == []
