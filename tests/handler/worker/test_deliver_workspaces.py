"""The worker sends to the workspace that a delivery names, with that one's key."""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from handler import workspaces
from handler.core.message import encode
from handler.core.models import Delivery
from handler.core.workspace import Workspace
from handler.deliver import serve
from handler.worker import dependencies
from handler.worker.dependencies import Worker
from tests.handler.stage import Braze, Invocation, Queue

USA = Workspace("usa", "http://127.0.0.1:9", "america")


def keys(queue: Queue, **values: str) -> None:
    settings = queue.worker.settings
    manager = queue.aws.client("secretsmanager")
    manager.put_secret_value(SecretId=settings.braze_keys_arn, SecretString=json.dumps(values))


def knowing(queue: Queue, *more: Workspace) -> Queue:
    known = {**queue.worker.workspaces, **{it.name: it for it in more}}
    return replace(queue, worker=replace(queue.worker, workspaces=known))


def test_each_workspace_has_its_endpoint_and_its_key(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    keys(queue, default="canary-key", america="canary-of-america")
    queue = knowing(queue, replace(USA, endpoint=braze.url))
    nowhere = replace(queue.worker.settings, braze_endpoint=USA.endpoint)
    queue = replace(queue, worker=replace(queue.worker, settings=nowhere))
    queue.send(encode(replace(delivery, workspace="usa")))

    assert queue.deliver() == []

    assert braze.keys == ["Bearer canary-of-america"]
    assert [(line["workspace"], line["outcome"]) for line in queue.lines()] == [("usa", "accepted")]


def test_a_workspace_without_a_key_waits_and_the_others_go_on(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue = knowing(queue, replace(USA, endpoint=braze.url))
    queue.send(encode(replace(delivery, id="other", workspace="usa")))
    queue.send(encode(delivery))

    assert len(queue.deliver()) == 1

    assert braze.keys == ["Bearer canary-key"]
    assert queue.letters() == []


def test_a_key_is_used_two_seconds_after_it_was_missed(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue = knowing(queue, replace(USA, endpoint=braze.url))
    queue.send(encode(replace(delivery, workspace="usa")))
    assert len(queue.deliver()) == 1
    keys(queue, default="canary-key", america="canary-of-america")
    queue.uptime.now = 2

    found = until_there(queue)

    assert serve(queue.worker, {"Records": found}, Invocation())["batchItemFailures"] == []
    assert braze.keys == ["Bearer canary-of-america"]


def until_there(queue: Queue) -> list[dict[str, Any]]:
    """Wait for a message that was hidden for some seconds."""
    deadline = time.monotonic() + 60
    while not (found := queue.records()):
        assert time.monotonic() < deadline
    return found


def test_a_workspace_that_only_a_newer_package_knows_waits_for_it_however_late_it_comes(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    keys(queue, default="canary-key", america="canary-of-america")
    patient = replace(queue.worker.timing, unknown_version=0, horizon=0)
    queue = replace(queue, worker=replace(queue.worker, timing=patient))
    body = encode(replace(delivery, workspace="usa", expires_at=None))
    queue.send(body)

    for _ in range(3):
        assert len(queue.deliver()) == 1

    assert (braze.requests, queue.letters(), queue.item(delivery)) == ([], [], {})
    assert {line["reason"] for line in queue.lines()} == {"unknown_workspace"}

    newer = knowing(queue, replace(USA, endpoint=braze.url))
    newer = replace(newer, worker=replace(newer.worker, timing=replace(patient, horizon=60)))
    assert newer.deliver() == []
    assert len(braze.requests) == 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workspaces, "RULES", tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return tmp_path


def built(queue: Queue, **more: str) -> Worker:
    given = asdict(queue.worker.settings)
    known = {name.upper(): str(one) for name, one in given.items() if one is not None}
    return dependencies.build(known | more)


def test_the_worker_reads_its_workspaces_from_the_package(queue: Queue, folder: Path) -> None:
    assert set(built(queue).workspaces) == {"default"}
    file = folder / "workspaces.yaml"
    file.write_text("usa: {endpoint: https://rest.iad-03.braze.com}\n", encoding="utf-8")
    home = {"STAGE": "prod", "BRAZE_ENDPOINT": "https://rest.iad-01.braze.com"}

    assert {it.endpoint for it in built(queue, **home).workspaces.values()} == {
        "https://rest.iad-01.braze.com",
        "https://rest.iad-03.braze.com",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"usa: {endpoint: https://braze.example.org}",
        b"default: {endpoint: https://rest.iad-03.braze.com, key: usa}",
        b"\xff",
    ],
)
def test_a_file_that_does_not_load_leaves_the_default_workspace_alone(
    queue: Queue, folder: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "workspaces.yaml").write_bytes(content)
    assert set(built(queue).workspaces) == {"default"}
    (record,) = caplog.records
    assert record.message == "workspaces.yaml does not load"
    assert f"{folder.name}/workspaces.yaml:1:" in vars(record)["why"]


@pytest.mark.parametrize("stages", [{}, {"RULES_STAGE": "dev"}, {"RULES_STAGE": "staging"}])
def test_whom_a_workspace_reaches_is_said_by_the_stage_of_the_rules(
    queue: Queue, folder: Path, stages: dict[str, str]
) -> None:
    file = folder / "workspaces.yaml"
    file.write_text("default: {only: {dev: [qa-*], prod: everybody}}\n", encoding="utf-8")
    home = {"STAGE": "prod", "BRAZE_ENDPOINT": "https://rest.iad-01.braze.com"}

    found = built(queue, **home, **stages).workspaces

    # Nobody says whom another stage reaches: there every delivery waits.
    expected = {"": {"default": None}, "dev": {"default": ("qa-*",)}, "staging": {}}
    assert {it.name: it.only for it in found.values()} == expected[stages.get("RULES_STAGE", "")]


def test_a_file_that_does_not_load_and_may_limit_whom_it_reaches_lets_nothing_be_sent(
    queue: Queue, folder: Path
) -> None:
    (folder / "workspaces.yaml").write_text("default: {only: [*]}\n", encoding="utf-8")
    assert built(queue).workspaces == {}
    (folder / "workspaces.yaml").unlink()
    (folder / "workspaces.yaml").mkdir()
    assert built(queue).workspaces == {}


LISTED = ("*@ourshop.example", "qa-*")


def limited(queue: Queue) -> Queue:
    home = replace(queue.worker.workspaces["default"], only=LISTED)
    return replace(queue, worker=replace(queue.worker, workspaces={"default": home}))


def named(delivery: Delivery, name: str, **more: Any) -> Delivery:
    who: dict[str, Any] = {"external_user_id": name}
    return replace(delivery, id=f"{name}-{delivery.id}", recipient=who, **more)


def test_who_is_not_listed_is_withheld_and_the_others_share_their_request(
    queue: Queue, braze: Braze, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = limited(queue)
    names = ["qa-1", "stranger", "qa-2", "7", "qa-3"]
    for name in names:
        queue.send(encode(named(delivery, name)))
    queue.send(encode(named(delivery, "late", expires_at=1)))

    assert queue.deliver() == []

    (sent,) = braze.requests
    assert sorted(it["external_user_id"] for it in sent["recipients"]) == ["qa-1", "qa-2", "qa-3"]
    assert queue.letters() == []
    lines = {line["id"].partition(f"-{delivery.id}")[0]: line for line in queue.lines()}
    withheld = {name for name, line in lines.items() if line["outcome"] == "withheld"}
    assert withheld == {"stranger", "7", "late"}
    assert lines["7"]["reason"] == "withheld"
    assert '"DeliveriesWithheld":[1,1,1]' in capsys.readouterr().out
    assert queue.item(named(delivery, "7"))["state"] == "WITHHELD"


def test_a_withheld_delivery_stays_so_whatever_the_list_says_later(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    for worker in (limited(queue).worker, queue.worker):
        queue = replace(queue, worker=worker)
        queue.send(encode(delivery))
        assert queue.deliver() == []

    assert [line["outcome"] for line in queue.lines()] == ["withheld", "duplicate"]
    assert (braze.requests, queue.letters()) == ([], [])


def test_a_withheld_delivery_waits_neither_for_a_key_nor_for_braze(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    keys(queue)
    queue = limited(queue)
    queue.send(encode(delivery))
    broadcast = {**delivery.send, "broadcast": True}
    queue.send(encode(replace(delivery, id="all", send=broadcast, recipient=None)))

    assert queue.deliver() == []

    assert braze.requests == []
    assert {line["outcome"] for line in queue.lines()} == {"withheld"}


def test_what_was_accepted_before_the_list_is_a_duplicate(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    for worker in (queue.worker, limited(queue).worker):
        queue = replace(queue, worker=worker)
        queue.send(encode(delivery))
        assert queue.deliver() == []

    assert [line["outcome"] for line in queue.lines()] == ["accepted", "duplicate"]
    assert len(braze.requests) == 1


def test_a_stale_delivery_that_only_its_attributes_made_known_is_withheld(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue = limited(queue)
    for version in (2, 1):
        ours: dict[str, Any] = {
            "external_user_id": "7",
            "attributes": {"email": "me@ourshop.example"},
        }
        one = replace(delivery, id=f"v{version}", recipient=ours, event_version=version)
        queue.send(encode(one))
        assert queue.deliver() == []

    assert len(braze.requests) == 1
    assert [line["outcome"] for line in queue.lines()] == ["accepted", "withheld"]
