"""The bench saves rules files: none that has changed since, none elsewhere, none by halves."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from relay.page.bench.rules_files import NotDone, names, read, save

BEFORE = "verify: {preset: shopify}\nrules: []\n"
AFTER = "verify: {preset: stripe}\nrules: []\n"
ELSEWHERE = [
    *("", ".", "..", "/", "../elsewhere.yaml", "../rules/shop.yaml", "./shop.yaml", "shop.yaml/"),
    *("sub/shop.yaml", "sub", "/etc/passwd", "shop.yml", "shop.json", "shop", ".shop.yaml"),
    *("workspaces.yaml", "link.yaml", "inner.yaml", "folder.yaml", "new.yaml", "shop.yaml\0"),
    *("SHOP.yaml", "shop.yaml ", " shop.yaml", "..\\elsewhere.yaml", "%2e%2e/elsewhere.yaml"),
    *("shop\u202e.yaml", "*.yaml", "[s]hop.yaml", "~/shop.yaml", "shop.yaml\n", "\ud800.yaml"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a rules folder beside others, with links out of it and within it."""
    made = tmp_path / "rules"
    (made / "sub").mkdir(parents=True)
    (made / "folder.yaml").mkdir()
    for place in ("rules/shop.yaml", "elsewhere.yaml", "rules/sub/shop.yaml", "rules/.shop.yaml"):
        (tmp_path / place).write_text(BEFORE, encoding="utf-8")
    for place in ("shop.yml", "workspaces.yaml", "shop.json"):
        (made / place).write_text(BEFORE, encoding="utf-8")
    (made / "link.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (made / "inner.yaml").symlink_to(made / "shop.yaml")
    return made


def everything(top: Path) -> dict[Path, bytes]:
    return {one: one.read_bytes() for one in top.rglob("*") if one.is_file()}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_name_leads_out_of_the_rules_folder_or_to_what_is_no_rules_file(
    folder: Path, name: str
) -> None:
    before, digest = everything(folder.parent), read(folder, "shop.yaml").digest
    with pytest.raises(NotDone):
        save(folder, name, AFTER, digest)
    with pytest.raises(NotDone):
        read(folder, name)
    assert everything(folder.parent) == before


def test_what_is_saved_is_there_with_the_mode_it_had_and_nothing_beside_it(folder: Path) -> None:
    place = folder / "shop.yaml"
    place.chmod(0o640)
    there = {one.name for one in folder.iterdir()}
    saved = save(folder, "shop.yaml", AFTER, read(folder, "shop.yaml").digest)
    assert place.read_text(encoding="utf-8") == AFTER
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert {one.name for one in folder.iterdir()} == there
    assert read(folder, "shop.yaml") == saved


def test_a_reader_of_the_old_file_keeps_it_whole(folder: Path) -> None:
    with (folder / "shop.yaml").open(encoding="utf-8") as opened:
        save(folder, "shop.yaml", AFTER, read(folder, "shop.yaml").digest)
        assert opened.read() == BEFORE  # it was replaced, not written over


def test_a_file_that_has_changed_since_it_was_read_is_not_written_over(folder: Path) -> None:
    digest = read(folder, "shop.yaml").digest
    (folder / "shop.yaml").write_text("# of an editor\n", encoding="utf-8")
    with pytest.raises(NotDone, match="has changed on disk since it was read"):
        save(folder, "shop.yaml", AFTER, digest)
    assert (folder / "shop.yaml").read_text(encoding="utf-8") == "# of an editor\n"


def test_of_two_pages_that_save_at_once_one_is_told_that_the_file_has_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, replace = read(folder, "shop.yaml").digest, Path.replace
    both = threading.Barrier(2)

    def at_once(self: Path, target: Path) -> Path:
        with suppress(threading.BrokenBarrierError):  # the other one waits for its turn
            both.wait(1)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", at_once)
    with ThreadPoolExecutor(2) as pages:
        tried = [pages.submit(save, folder, "shop.yaml", AFTER + one, digest) for one in "#!"]
        said = [one.exception() for one in tried]
    assert [type(one) for one in said if one is not None] == [NotDone]


def test_a_file_that_has_gone_is_not_made_again(folder: Path) -> None:
    digest = read(folder, "shop.yaml").digest
    (folder / "shop.yaml").unlink()
    with pytest.raises(NotDone):
        save(folder, "shop.yaml", AFTER, digest)
    assert not (folder / "shop.yaml").exists()


def test_a_failed_write_leaves_the_file_and_nothing_beside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, digest = everything(folder), read(folder, "shop.yaml").digest

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotDone, match="No space left on device"):
        save(folder, "shop.yaml", AFTER, digest)
    assert everything(folder) == before


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: 1\rb: 2\n", b"a: \0\n"])
def test_what_a_browser_would_change_is_not_opened(folder: Path, content: bytes) -> None:
    (folder / "shop.yaml").write_bytes(content)
    with pytest.raises(NotDone, match="editor"):
        read(folder, "shop.yaml")


@pytest.mark.parametrize("content", [BEFORE, BEFORE.replace("\n", "\r\n")])
def test_line_breaks_stay_those_of_the_file_whatever_a_form_sends(
    folder: Path, content: str
) -> None:
    (folder / "shop.yaml").write_bytes(content.encode())
    found = read(folder, "shop.yaml")
    assert found.text == BEFORE
    save(folder, "shop.yaml", BEFORE.replace("\n", "\r\n"), found.digest)
    assert (folder / "shop.yaml").read_bytes() == content.encode()


def test_links_folders_and_hidden_files_are_not_offered(folder: Path) -> None:
    assert names(folder) == ["shop.yaml"]
