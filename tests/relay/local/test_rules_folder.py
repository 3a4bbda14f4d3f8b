"""A save is decided on once it is whole, and once: the last state wins."""

import os
from pathlib import Path

import pytest

from relay.local.rules_folder import Files, Folder, Settling, changed, functions

OLD: Files = {"shop.yaml": b"old"}
NEW: Files = {"shop.yaml": b"new"}
HALF: Files = {"shop.yaml": b"ne"}
EMPTY: Files = {"shop.yaml": b""}


def decided(*looks: Files) -> list[Files]:
    """Return the states that are decided on, of those that the looks have seen."""
    settling = Settling(OLD, OLD)
    return [files for files in looks if settling.is_due(files)]


@pytest.mark.parametrize(
    "looks, found",
    [
        ([OLD, OLD, OLD], []),
        ([OLD, NEW, NEW, NEW], [NEW]),
        ([EMPTY, HALF, NEW, NEW], [NEW]),  # truncated, then written in two parts
        ([{}, NEW, NEW], [NEW]),  # taken away, then put anew under its name
        ([NEW, HALF, NEW, NEW], [NEW]),
        ([NEW, OLD, OLD], []),  # saved and undone
        ([NEW, NEW, OLD, OLD], [NEW, OLD]),
        ([{}, {}, {}], [{}]),
        ([HALF, HALF, NEW, NEW], [HALF, NEW]),  # an editor that pauses: the last state is served
        ([{**NEW, "a.yaml": b"1"}, {**NEW, "a.yaml": b"2"}, NEW, NEW], [NEW]),
    ],
)
def test_a_state_is_decided_on_once_two_looks_have_it_in_common(
    looks: list[Files], found: list[Files]
) -> None:
    assert decided(*looks) == found


def test_every_way_of_saving_is_seen(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path), tmp_path / "shop.yaml"
    assert folder.look() == {}
    file.write_bytes(b"new file")
    assert folder.look() == {"shop.yaml": b"new file"}
    file.write_bytes(b"written in place")
    assert folder.look() == {"shop.yaml": b"written in place"}
    (tmp_path / ".shop.swp").write_bytes(b"renamed over it")
    (tmp_path / ".shop.swp").rename(file)
    assert folder.look() == {"shop.yaml": b"renamed over it"}
    file.unlink()
    assert folder.look() == {}


def test_a_write_that_the_file_system_dates_as_the_one_before_is_seen(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path), tmp_path / "shop.yaml"
    file.write_bytes(b"one")
    before = file.stat().st_mtime_ns
    folder.look()
    file.write_bytes(b"two")
    os.utime(file, ns=(before, before))
    assert folder.look() == {"shop.yaml": b"two"}


def test_what_an_editor_hides_and_other_files_are_no_rules(tmp_path: Path) -> None:
    for name in (".#shop.yaml", "4913", "shop.yaml~", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "shop.yml").write_text("wrong name")
    assert Folder(tmp_path).look() == {"folder.yaml": None, "shop.yml": b"wrong name"}


def test_a_folder_that_is_gone_has_no_files(tmp_path: Path) -> None:
    assert Folder(tmp_path / "none").look() == {}


def test_the_files_that_changed_are_named() -> None:
    after: Files = {"shop.yaml": b"new", "b.yaml": None}
    assert changed({"a.yaml": b"", "shop.yaml": b"old"}, after) == (
        "a.yaml", "b.yaml", "shop.yaml",
    )  # fmt: skip
    assert changed(OLD, OLD) == ()


def test_workspaces_are_known_to_deliver_before_rules_name_them() -> None:
    assert functions(("shop.yaml",)) == ("IngestFunction",)
    assert functions(("shop.yaml", "workspaces.yaml")) == ("DeliverFunction", "IngestFunction")
