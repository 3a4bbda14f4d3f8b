"""However a command ends, what it has borrowed is there again at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from relay.dead_letters import queue_reader
from relay.dead_letters.letter import Letter
from relay.dead_letters.redrive import Redrive
from relay.dead_letters.selection import LetterCriteria
from tests.relay.dead_letters.desk import Desk, delivery
from tests.relay.dead_letters.stack import environment

PROGRAM = "import sys; from relay.dead_letters.commands import dead; dead(sys.argv[1:])"
MANY = 300  # more than are read while a signal is on its way
SOME = 150  # as MANY, for a redrive: each letter takes longer


@contextmanager
def started(desk: Desk, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments, "--stack-name", desk.name],
        env={"PATH": os.environ["PATH"], **environment(desk.endpoint)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def counts(desk: Desk, output: str = "DeadLetterQueueUrl") -> tuple[int, int]:
    """Return how many messages of a queue are seen, and how many are borrowed."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = desk.client("sqs").get_queue_attributes(
        QueueUrl=desk.outputs[output], AttributeNames=names
    )["Attributes"]
    return int(answer[names[0]]), int(answer[names[1]])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ctrl_c_gives_back_what_was_listed(desk: Desk) -> None:
    desk.bury_many(MANY)
    with started(desk, "list") as running:
        wait_for(lambda: counts(desk)[1] > 0)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
        assert running.returncode == 130
    assert "ending after the letter in hand" in told
    assert "Traceback" not in told
    assert counts(desk) == (MANY, 0)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_redrive_that_is_ended_loses_and_doubles_nothing_and_is_gone_on_with(
    desk: Desk, sign: signal.Signals
) -> None:
    ids = desk.bury_many(SOME)
    with started(desk, "redrive", "--yes") as running:
        wait_for(lambda: counts(desk, "QueueUrl")[0] >= 5)
        running.send_signal(sign)
        printed, told = running.communicate(timeout=60)
        assert running.returncode == 130
    first = [it["id"] for it in desk.sent()]
    assert f"{len(first)} redriven, 0 not" in printed
    assert "the same command goes on" in told
    assert 5 <= len(first) < SOME
    assert counts(desk) == (SOME - len(first), 0)
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    assert sorted(first + [it["id"] for it in desk.sent()]) == sorted(ids)
    assert counts(desk) == (0, 0)


def test_ctrl_c_at_a_question_is_a_no(desk: Desk) -> None:
    desk.bury_many(5)
    with started(desk, "drop") as running:
        assert running.stdout is not None
        for _ in range(5):
            running.stdout.readline()
        wait_for(lambda: running.stdout is not None and running.stdout.read(1) == "D")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        assert running.returncode == 1
    assert counts(desk) == (5, 0)


def test_a_reader_that_goes_away_leaves_all_letters(desk: Desk) -> None:
    desk.bury_many(MANY)
    with started(desk, "export") as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("{")
        running.stdout.close()
        assert running.wait(timeout=60) == 1
        assert running.stderr is not None
        assert "Traceback" not in running.stderr.read()
    assert counts(desk) == (MANY, 0)


def test_letters_that_come_back_while_they_are_read_are_told_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = desk.bury_many(25)
    takes = LetterCriteria.takes

    def slowly(self: LetterCriteria, letter: Letter) -> bool:
        time.sleep(0.05)  # 25 of them take longer than the loan
        return takes(self, letter)

    monkeypatch.setattr(queue_reader, "LOAN", 1)
    monkeypatch.setattr(LetterCriteria, "takes", slowly)
    rows = desk.listed()
    assert sorted(it["id"] for it in rows) == sorted(ids)
    assert counts(desk) == (25, 0)


def test_letters_in_other_hands_are_spoken_of(desk: Desk) -> None:
    desk.bury_many(3)
    desk.received(desk.outputs["DeadLetterQueueUrl"])
    done = desk.run("dead-letters", "list")
    assert "3 letters are in other hands" in done.stderr
    assert "no matching dead letter in" in done.stdout


def test_an_exception_gives_everything_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bury_many(25)
    left = iter(range(12))
    monkeypatch.setattr(LetterCriteria, "takes", lambda *_: next(left) >= 0)
    done = desk.run("dead-letters", "list")
    assert isinstance(done.exception, StopIteration | RuntimeError)
    assert counts(desk) == (25, 0)


def test_aws_that_goes_away_in_the_middle_gives_back_and_says_how_far_it_came(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        desk.bury(delivery())
    send = Redrive.send

    def cut(self: Redrive, *given: Any) -> str:
        if self.done:
            raise EndpointConnectionError(endpoint_url="sqs")
        return send(self, *given)

    monkeypatch.setattr(Redrive, "send", cut)
    done = desk.run("dead-letters", "redrive", "--yes")
    assert isinstance(done.exception, EndpointConnectionError)
    assert "1 redriven, 0 not" in done.stdout
    assert counts(desk) == (2, 0)
