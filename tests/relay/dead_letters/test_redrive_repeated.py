"""A redrive that was cut short, or is run twice, sends each letter once."""

from typing import Any

import pytest

from relay.dead_letters.redrive import Redrive
from tests.relay.dead_letters.desk import Desk, delivery


def test_a_crash_between_send_and_delete_leaves_a_copy_and_no_delivery_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = delivery()
    desk.bury(it)

    def die(*_: Any) -> str:
        raise SystemExit(3)

    with monkeypatch.context() as crashed:
        crashed.setattr(Redrive, "delete", die)
        assert desk.run("dead-letters", "redrive", "--yes").exit_code == 3
    assert len(desk.dead()) == 1  # given back although the command died
    assert [sent["id"] for sent in desk.sent()] == [it.id]
    desk.put(it, "ACCEPTED")  # the worker has done its work
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 1
    assert desk.sent() == []


def test_a_crash_between_freeing_and_sending_is_made_good_by_the_same_command(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "FAILED", freed={"M": {"was": {"S": "ACCEPTED"}}})
    assert desk.run("dead-letters", "redrive", "--again", "--yes").exit_code == 0
    assert [sent["id"] for sent in desk.sent()] == [it.id]


def test_a_second_run_goes_on_where_the_first_one_stopped(desk: Desk) -> None:
    ids = desk.bury_many(25)
    assert desk.run("dead-letters", "redrive", "--limit", "10").exit_code == 0
    first = [it["id"] for it in desk.sent()]
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    second = [it["id"] for it in desk.sent()]
    assert len(first) == 10
    assert sorted(first + second) == sorted(ids)
    assert desk.dead() == []


def test_what_is_given_up_again_at_once_does_not_go_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = delivery()
    desk.bury(it)
    send = Redrive.send

    def bury_at_once(self: Redrive, *given: Any) -> str:
        desk.bury(it)  # as a worker would whom Braze refuses it again
        return send(self, *given)

    monkeypatch.setattr(Redrive, "send", bury_at_once)
    done = desk.run("dead-letters", "redrive", "--yes")
    assert "1 redriven, 1 not" in done.stdout
    assert len(desk.sent()) == 1
    assert len(desk.dead()) == 1
