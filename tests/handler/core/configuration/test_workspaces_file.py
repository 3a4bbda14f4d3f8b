"""workspaces.yaml: which hosts an API key may go to, and what is said of a file that is wrong."""

import pytest

from handler.core.configuration.schema_errors import SECRET_TAKES
from handler.core.configuration.workspaces_file import read_workspaces
from handler.core.errors import RulesError
from handler.core.rules.load import load
from handler.core.workspace import Reach, Workspace
from tests.handler.core.rules_files import changed

HOME = Workspace.default("https://rest.iad-01.braze.com")
HERE = Workspace.default("http://127.0.0.1:1")
USA = "usa: {endpoint: https://rest.iad-03.braze.com, key: america}\n"
EU = "eu: {endpoint: https://rest.fra-02.braze.eu}\n"


LETTERS = "takes small letters, digits, - and _, at most 64"
SWITCH = "allow_other_host takes true or false"


def read(text: str, default: Workspace | None = HOME) -> dict[str, Workspace]:
    return read_workspaces(text, "workspaces.yaml", default)


def test_a_workspace_has_an_endpoint_and_a_key_which_is_its_name_unless_it_is_said() -> None:
    assert read(USA + EU) == {
        "default": HOME,
        "usa": Workspace("usa", "https://rest.iad-03.braze.com", "america"),
        "eu": Workspace("eu", "https://rest.fra-02.braze.eu", "eu"),
    }
    assert set(read(USA, None)) == {"usa"}


def test_on_the_local_stack_no_key_leaves_this_machine() -> None:
    text = f"{USA}two: {{endpoint: http://127.0.0.1:2}}\ndefault: {{endpoint: https://rest.iad-01.braze.com}}\n"
    found = read(text, HERE)
    assert {it.name: it.endpoint for it in found.values()} == {
        "default": HERE.endpoint,
        "usa": HERE.endpoint,
        "two": "http://127.0.0.1:2",
    }
    assert found["usa"].key == "america"


def test_the_default_workspace_may_be_written_down_and_not_changed() -> None:
    same = f"default: {{endpoint: {HOME.endpoint}}}\n"
    assert read(same) == {"default": HOME}
    for other in (
        "{endpoint: https://rest.iad-02.braze.com}",
        f"{{endpoint: {HOME.endpoint}, key: usa}}",
    ):
        with pytest.raises(RulesError, match="1:1: default is the workspace of BrazeEndpoint"):
            read(f"default: {other}")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com/",
        "https://rest.iad-01.braze.com.example.org",
        "https://user@rest.iad-01.braze.com",
        "https://sdk.iad-01.braze.com",
        "https://braze.example.com",
        "http://localhost:8080",
        "",
    ],
)
@pytest.mark.parametrize("default", [None, HOME, HERE])
def test_no_other_host_gets_a_key(endpoint: str, default: Workspace | None) -> None:
    with pytest.raises(RulesError, match="1:7: it is not one of Braze's REST endpoints"):
        read(f"usa: {{endpoint: '{endpoint}'}}", default)


def test_another_host_gets_a_key_where_that_was_said_and_only_over_tls() -> None:
    said = "allow_other_host: true}"
    assert read(f"usa: {{endpoint: https://braze.example.com, {said}")["usa"].endpoint
    for endpoint in ("http://braze.example.com", "https://braze.example.com:1", "https://a@b.com"):
        with pytest.raises(RulesError, match="it takes https:// and a host name, no more"):
            read(f"usa: {{endpoint: '{endpoint}', {said}")


def test_only_the_local_stack_sends_to_this_machine() -> None:
    with pytest.raises(RulesError, match="only the local stack sends to this machine"):
        read("usa: {endpoint: http://127.0.0.1:2, allow_other_host: true}")


@pytest.mark.parametrize(
    "text, finding",
    [
        ("usa: {endpont: a}", "1:7: unknown key endpont; did you mean endpoint?"),
        ("usa: {key: a}", "1:1: endpoint is missing in usa"),
        ("usa: {endpoint: 5}", "1:7: endpoint takes text"),
        ("usa: https://rest.iad-03.braze.com", "1:1: usa takes an object"),
        (USA.replace("america", "America"), f"1:48: key {SECRET_TAKES}"),
        (USA.replace("usa", "USA"), f"1:1: the name of a workspace {LETTERS}"),
        (USA.replace("}", ", allow_other_host: yes}"), f"1:62: {SWITCH}"),
        ("- usa", "1:1: the file takes an object: workspaces by name"),
        ("", "1:1: the file is empty"),
        (USA + USA, "2:1: usa stands here twice, first in line 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(text: str, finding: str) -> None:
    with pytest.raises(RulesError) as raised:
        read(text)
    said = [str(it).removeprefix("workspaces.yaml:") for it in raised.value.findings]
    assert finding in said


SHOP = "*@ourshop.example"
STAGES = f'default: {{only: {{dev: ["{SHOP}", qa-*], prod: everybody}}}}\n'


def only(text: str, stage: str | None, default: Workspace | None = HOME) -> object:
    found = read_workspaces(text, "workspaces.yaml", default, stage)
    return {name: one.only for name, one in found.items()}


def test_a_workspace_reaches_only_those_that_it_lists_in_each_stage() -> None:
    usa = f'usa: {{endpoint: https://rest.iad-03.braze.com, only: ["{SHOP}"]}}\n'
    for default in (HOME, HERE, Workspace.default("https://braze.example.org")):
        assert only(STAGES + usa, "dev", default) == {"default": (SHOP, "qa-*"), "usa": (SHOP,)}
        assert only(STAGES + usa, "prod", default) == {"default": None, "usa": (SHOP,)}
    assert only(STAGES + usa, "dev", None) == {"default": (SHOP, "qa-*"), "usa": (SHOP,)}
    assert only(USA, "dev") == {"default": None, "usa": None}


def test_a_stage_that_is_not_named_reaches_nobody() -> None:
    with pytest.raises(RulesError, match="1:11: only does not say whom stage staging may reach"):
        only(STAGES, "staging")
    only(STAGES, None)  # where nothing is sent


@pytest.mark.parametrize(
    "written, finding",
    [
        ("[]", "3:3: the list is empty"),
        ("['']", "3:10: it names nobody, or everybody"),
        ("['*']", "3:10: it names nobody, or everybody"),
        ("[qa-*, '**@*']", "3:16: it names nobody, or everybody"),
        ("['me@*']", "3:10: what follows @ is written out"),
        ("['*@*.example']", "3:10: what follows @ is written out"),
        ("['me@']", "3:10: what follows @ is written out"),
        ("[17]", "3:10: a pattern is text: put it in quotes"),
        ("[[a]]", "3:10: a pattern is text: put it in quotes"),
        ("qa-*", "3:3: only takes a list of patterns"),
        ("", "3:3: only takes a list of patterns"),
        ("{}", "3:3: only names no stage"),
        ("{dev: qa-*}", "3:10: dev takes a list of patterns"),
        ("{dev: [], prod: everyone}", "3:10: the list is empty"),
        ("{dev: [], prod: everyone}", "3:19: prod takes a list of patterns, such as"),
        ("[*@ourshop.example]", "3:11: YAML"),
    ],
)
def test_a_list_that_is_wrong_is_named_with_its_place(written: str, finding: str) -> None:
    text = f"usa:\n  endpoint: https://rest.iad-03.braze.com\n  only: {written}\n"
    with pytest.raises(RulesError) as raised:
        read(text)
    said = [str(it).removeprefix("workspaces.yaml:") for it in raised.value.findings]
    assert [it for it in said if it.startswith(finding)], said


def test_a_list_for_all_stages_of_the_default_workspace_is_a_mistake() -> None:
    with pytest.raises(RulesError, match="default is the workspace of every stage"):
        read("default: {only: [qa-*]}")


SEND = "    send:"
KNOWN = Reach({"usa", "eu"})


@pytest.mark.parametrize(
    "old, new, finding",
    [
        (SEND, f"    workspace: us\n{SEND}", "7:5: there is no workspace us; did you mean usa?"),
        (SEND, f"    workspace: japan\n{SEND}", "no workspace japan; workspaces.yaml has default"),
        ("vars:", "sources: {shop: {workspace: uk}}\nvars:", "2:18: there is no workspace uk; "),
    ],
)  # fmt: skip
def test_a_workspace_that_a_deployment_does_not_know_is_a_mistake(
    old: str, new: str, finding: str
) -> None:
    with pytest.raises(RulesError) as raised:
        load("shop", changed(old, new), "shop.yaml", "dev", KNOWN)
    assert finding in str(raised.value)
    assert load("shop", changed(old, new), "shop.yaml", "dev").rules


def test_a_workspace_that_is_known_is_that_of_the_rule_or_else_of_the_source() -> None:
    text = changed("vars:", "sources: {shop: {workspace: usa}}\nvars:")
    assert [it.workspace for it in load("shop", text, "f", "dev", KNOWN).rules] == ["usa"]
    text = changed("    send:", "    workspace: eu\n    send:", text)
    assert [it.workspace for it in load("shop", text, "f", "dev", KNOWN).rules] == ["eu"]
    text = text.replace("workspace: eu", "workspace: default")
    assert [it.workspace for it in load("shop", text, "f", "dev", KNOWN).rules] == ["default"]
