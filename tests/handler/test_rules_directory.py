"""A rules folder as ingest reads it, whose deployment does not give what its rules ask for."""

from pathlib import Path

import pytest

from handler import rules_directory
from handler.core.errors import RulesError
from handler.core.rules.source import Source
from tests.handler.core.rules_files import GOOD, changed

USA = changed("    send:", "    workspace: usa\n    send:")
BROADCAST = changed(
    "      recipients:\n        - external_user_id: ${body.id}\n",
    "      broadcast: true\n    allow_broadcast: true\n",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"home": GOOD, "abroad": USA, "sale": BROADCAST}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def errors(folder: Path, *, broadcasts: bool = True) -> dict[str, str]:
    found = rules_directory.read(folder, "dev", broadcasts=broadcasts)
    assert found.keys() == {"home", "abroad", "sale"}
    assert isinstance(found["home"], Source)
    return {name: str(it) for name, it in found.items() if isinstance(it, RulesError)}


def test_a_source_of_a_workspace_that_nobody_wrote_down_does_not_load(folder: Path) -> None:
    (wrong,) = errors(folder).values()
    place = f"{folder.name}/abroad.yaml:7:5: "
    assert wrong == f"{place}there is no workspace usa; workspaces.yaml has default"
    (folder / "workspaces.yaml").write_text("us: {endpoint: https://rest.iad-03.braze.com}\n")
    assert errors(folder) == {"abroad": f"{place}there is no workspace usa; did you mean us?"}


def test_a_source_of_a_workspace_that_is_written_down_loads(folder: Path) -> None:
    (folder / "workspaces.yaml").write_text("usa: {endpoint: https://rest.iad-03.braze.com}\n")
    assert errors(folder) == {}


@pytest.mark.parametrize("content", [b"usa: {endpoint: https://example.org}\n", b"\xff"])
def test_a_file_of_workspaces_that_does_not_load_stops_those_who_need_it(
    folder: Path, content: bytes
) -> None:
    (folder / "workspaces.yaml").write_bytes(content)
    found = errors(folder)
    assert found.keys() == {"abroad"}
    assert found["abroad"].startswith(f"{folder.name}/workspaces.yaml:1:")


def test_a_file_of_workspaces_that_cannot_be_read_stops_no_other(folder: Path) -> None:
    (folder / "workspaces.yaml").mkdir()
    place = f"{folder.name}/workspaces.yaml:1:1"
    assert errors(folder) == {"abroad": f"{place}: the file cannot be read: Is a directory"}


def test_a_source_that_broadcasts_loads_only_where_the_deployment_says_so(folder: Path) -> None:
    (folder / "abroad.yaml").write_text(GOOD, encoding="utf-8")
    found = errors(folder, broadcasts=False)
    assert found.keys() == {"sale"}
    assert "set its parameter AllowBroadcast=true" in found["sale"]
    assert errors(folder) == {}


def test_a_file_that_cannot_be_read_stops_no_other(folder: Path) -> None:
    (folder / "abroad.yaml").unlink()
    (folder / "abroad.yaml").mkdir()
    (folder / "sale.yaml").unlink()
    (folder / "sale.yaml").symlink_to("nowhere")
    assert errors(folder) == {
        "abroad": f"{folder.name}/abroad.yaml:1:1: the file cannot be read: Is a directory",
        "sale": f"{folder.name}/sale.yaml:1:1: the file cannot be read: No such file or directory",
    }


def test_the_hidden_files_of_editors_and_archives_are_no_sources(folder: Path) -> None:
    (folder / ".#home.yaml").symlink_to("me@here.123:456")
    (folder / "._home.yaml").write_bytes(b"\x00\x05\x16\x07")
    assert errors(folder).keys() == {"abroad"}


def test_a_file_that_two_versions_have_alike_is_loaded_once(tmp_path: Path) -> None:
    folders = [tmp_path / one / "rules" for one in ("before", "now")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "home.yaml").write_text(GOOD, encoding="utf-8")
        (folder / "shop.yaml").write_text(GOOD, encoding="utf-8")
    (folders[1] / "shop.yaml").write_text(f"{GOOD}\n# edited\n", encoding="utf-8")
    before, now = (rules_directory.read(one, "dev") for one in folders)
    assert before["home"] is now["home"]
    assert before["shop"] is not now["shop"]
    assert rules_directory.read(folders[1], "prod")["home"] is not now["home"]
