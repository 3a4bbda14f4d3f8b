"""What these tests do to the line of deliveries, and see of it in the table."""

from dataclasses import replace
from typing import Any

from handler.core.delivery.breaker import IN_A_ROW
from handler.core.models import Delivery
from tests.handler.handing import Hands, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import DOWN


def fail(line: Hands, braze: Braze, delivery: Delivery) -> list[Delivery]:
    """Fail singly, so often that the breaker opens."""
    failed = several(delivery, IN_A_ROW)
    for one in failed:
        braze.replies.append(DOWN)
        line.give(one)
    return failed


KEY = "default#campaigns.trigger.send"  # the scope of a refused key: its permission


def open_until(line: Hands, scope: str = "default") -> int:
    """Return until when the breaker is open; 0 where it is closed."""
    return int(line.shared(f"breaker#{scope}").get("open_until", 0))


def sends(line: Hands) -> list[dict[str, Any]]:
    """Return the records of requests of many."""
    table = line.worker.ledger.table
    found = line.dynamo.client.scan(TableName=table.name)["Items"]
    return [item for item in found if item["pk"]["S"].startswith("send#")]


def add_workspace(line: Hands, name: str) -> None:
    """Let the worker know a second workspace, of the same Braze."""
    known = {**line.worker.workspaces, name: line.worker.workspaces["default"]}
    line.queue = replace(line.queue, worker=replace(line.worker, workspaces=known))


def pause(line: Hands, *scopes: str) -> None:
    """Pause these scopes, and no others."""
    said = {scope: {"M": {"since": {"N": "1"}, "by": {"S": "me"}}} for scope in scopes}
    line.dynamo.client.put_item(
        TableName=line.worker.ledger.table.name,
        Item={"pk": {"S": "pause#"}, "scopes": {"M": said}},
    )
