"""A fair queue hands out quiet groups first, as AWS's page says; in flight all groups are one."""

from typing import Any

from tests.simulation.clock import Clock
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_groups import LEAST, RECENT
from tests.simulation.sqs_queue import Queue


class Stage:
    """A queue in a time of its own; messages are named by their group."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.queue = Queue("queue", **settings)
        self.sqs = Sqs(self.clock, queues={"queue": self.queue})

    def send(self, group: str, count: int = 1) -> None:
        named = {"MessageGroupId": group} if group else {}
        for _ in range(count):
            self.sqs.send_message(QueueUrl="queue", MessageBody=group or "none", **named)

    def receive(self, count: int) -> list[str]:
        return [record["body"] for record in self.sqs.receive("queue", count)]


def test_without_a_noisy_group_the_oldest_comes_first() -> None:
    stage = Stage()
    for group in ("a", "b", "", "a"):
        stage.send(group)

    assert stage.receive(10) == ["a", "b", "none", "a"]


def test_a_group_that_has_most_of_what_is_in_flight_comes_after_all_others() -> None:
    stage = Stage()
    stage.send("import", LEAST + 5)
    assert len(stage.receive(LEAST)) == LEAST
    stage.send("order")
    stage.send("")

    assert stage.receive(10) == ["order", "none", *["import"] * 5]


def test_a_message_fewer_in_flight_is_not_yet_noise() -> None:
    stage = Stage()
    stage.send("import", LEAST + 1)
    stage.receive(LEAST - 1)
    stage.send("order")

    assert stage.receive(1) == ["import"]


def test_a_tenth_of_what_is_in_flight_is_not_yet_noise() -> None:
    stage = Stage()
    stage.send("", 9 * LEAST)
    stage.send("import", LEAST)
    stage.receive(10 * LEAST)
    stage.send("import")
    stage.send("order")

    assert stage.receive(1) == ["import"]


def test_a_group_whose_few_messages_take_long_comes_after_the_others() -> None:
    stage = Stage(visibility=200)
    stage.send("slow", 3)
    stage.receive(2)
    stage.clock.now += 201
    stage.send("order")

    assert stage.receive(1) == ["order"]


def test_of_noisy_groups_the_one_with_the_fewest_in_flight_comes_first() -> None:
    stage = Stage()
    for group, count in (("import", 3 * LEAST), ("order", LEAST)):
        stage.send(group, count)
    stage.receive(4 * LEAST)
    stage.send("import")
    stage.send("order")

    assert stage.receive(1) == ["order"]


def test_a_group_without_a_backlog_is_quiet_again() -> None:
    stage = Stage(visibility=10 * RECENT)
    stage.send("import", LEAST)
    handles = [record["receiptHandle"] for record in stage.sqs.receive("queue", LEAST)]
    stage.send("order")
    assert stage.receive(1) == ["order"]
    stage.sqs.delete("queue", handles)
    stage.clock.now += RECENT + 1
    stage.send("import")
    stage.send("order")

    assert stage.receive(1) == ["import"]


def test_one_group_that_fills_what_may_be_in_flight_keeps_every_other_from_coming() -> None:
    stage = Stage(visibility=900, ceiling=1_200)
    stage.send("paused", 2_000)
    assert len(stage.receive(2_000)) == 1_200
    stage.send("order")

    assert stage.receive(10) == []
    stage.clock.now += 901
    assert stage.receive(1) == ["order"]
