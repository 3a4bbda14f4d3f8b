"""Redrive and release: sends each chosen letter again, or reports why not."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Final

import typer
from botocore.exceptions import ClientError

from handler.aws.retry import ONCE
from handler.aws.sqs import Message, enqueue
from handler.core import message
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from relay.dead_letters.decision import Decision, Standing, redriven, released
from relay.dead_letters.display import attempted
from relay.dead_letters.letter import Letter
from relay.dead_letters.queue_reader import LetterQueue, open_letter_queue
from relay.dead_letters.selection import SelectedLetters, say_strangers
from relay.stacks.ledger import Ledger
from relay.stacks.selection import LOW_PRIORITY, Operated, command, operator

_CHANGED: Final = "the ledger has changed meanwhile: run this again"


@dataclass(slots=True)
class Redrive:
    """The way back to the queue of a delivery's priority; in a rehearsal nothing is changed.

    `done` are the deliveries that this command has sent: one that the worker buries at once is in
    the dead letters again, and must not be sent for ever.
    """

    letter_queue: LetterQueue
    sqs: Any
    stack: Operated
    ledger: Ledger
    by: Callable[[], str]
    rehearsal: bool
    done: set[str] = field(default_factory=set)

    def send(self, letter: Letter, decision: Decision) -> str:
        """Carry out the decision on a letter; return why that failed, or an empty text."""
        if decision.delivery is None:
            return decision.words
        url, sent = queued(self.stack, decision.delivery)
        body = _body(letter, sent)
        if self.rehearsal:
            return ""
        free = decision.frees
        delivery = self.ledger.under(decision.delivery)
        if free and not self.ledger.free(delivery.id, free, self.by(), time.time()):
            return _CHANGED
        try:
            self.sqs.send_message(
                QueueUrl=url, MessageBody=body, MessageGroupId=message.group_of(delivery)
            )
        except ClientError as error:  # of one message; if SQS refuses all, each one reports it
            return f"SQS did not take it: {error.response['Error']['Code']}"
        return self.delete(letter)

    def send_all(self, deliveries: Sequence[Delivery]) -> str:
        """Send the deliveries rendered from an event's letter; return why not, or an empty text.

        Raise Unavailable where SQS cannot be reached.
        """
        if self.rehearsal:
            return ""
        messages: dict[str, list[Message]] = {}
        for one in deliveries:
            url, sent = queued(self.stack, one)
            made = Message(message.encode(sent), message.group_of(sent))
            messages.setdefault(url, []).append(made)
        refused = [
            body for url, given in messages.items() for body in enqueue(self.sqs, url, given, ONCE)
        ]
        return f"SQS did not take {len(refused)} of them" if refused else ""

    def delete(self, letter: Letter) -> str:
        """Delete a letter that was sent; return why that failed, or an empty text."""
        if self.rehearsal or self.letter_queue.delete([letter]):
            return ""
        return "it is sent, but its letter is still here: drop that"


def redrive_into(letter_queue: LetterQueue, *, rehearsal: bool) -> Redrive:
    """Return the way from borrowed letters back to the queues of their stack."""
    stack = letter_queue.chosen.stack
    return Redrive(
        letter_queue=letter_queue,
        sqs=stack.client("sqs"),
        stack=stack,
        ledger=letter_queue.chosen.ledger,
        by=cache(partial(operator, stack)),
        rehearsal=rehearsal,
    )


def queued(stack: Operated, delivery: Delivery) -> tuple[str, Delivery]:
    """Return the URL of a delivery's queue, and the delivery as it is sent there.

    A stack of an earlier release has one queue, and its worker reads no priority.
    """
    low = stack.outputs.get(LOW_PRIORITY)
    if delivery.priority is None or low is None:
        return stack.outputs["QueueUrl"], replace(delivery, priority=None)
    return low, delivery


def _body(letter: Letter, delivery: Delivery) -> str:
    """Return the message to send: the letter's own, unchanged, where the delivery is the same."""
    return letter.body if letter.content == delivery else message.encode(delivery)


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """The result for one letter, in words, and whether it was (or would be) sent."""

    words: str
    is_sent: bool = False


Judge = Callable[[Redrive, Letter], RedriveResult]


def go(chosen: SelectedLetters, judge: Judge, *, rehearsal: bool, asks: bool = False) -> int:
    """Apply `judge` to each chosen letter and report the result; return 1 where one was not sent.

    With `asks` the operator has to agree to all of them first.

    An interrupted run leaves nothing half done: the next one continues with what is left.
    """
    sent, left = 0, 0
    with open_letter_queue(chosen, "redriving") as found:
        way = redrive_into(found, rehearsal=rehearsal)
        try:
            for letter in _agreed(found) if asks else found:
                verdict = judged(way, letter, judge)
                sent, left = sent + verdict.is_sent, left + (not verdict.is_sent)
                said = f"{letter.short} {letter.origin} {letter.reason}: {verdict.words}"
                typer.echo(said, err=not verdict.is_sent)
        finally:
            _sum_up(chosen, sent, left, rehearsal=rehearsal)
        if found.ending.wanted:
            typer.echo("ended early: the same command goes on with the others", err=True)
    return 1 if left else 0


def _agreed(found: LetterQueue) -> Iterator[Letter]:
    """Yield the letters once the operator has agreed to all; without letters nothing is asked."""
    letters = iter(found)
    for letter in letters:
        if not _says_yes(found):
            typer.echo("nothing is redriven", err=True)
            raise typer.Exit(1)
        yield letter
        break
    yield from letters


def _says_yes(found: LetterQueue) -> bool:
    try:
        return found.ask("Send all dead letters on their way again?")
    except typer.Abort:
        if not sys.stdin.isatty():
            words = "nobody is there to say yes: give --yes, or what is meant (--reason, --rule)"
            typer.echo(f"\n{words}", err=True)
        return False


def plainly(*, again: bool) -> Judge:
    """Return the judge that redrives dead letters as they are."""

    def judge(way: Redrive, letter: Letter) -> RedriveResult:
        if not isinstance(letter.content, Delivery):
            return RedriveResult(_why_not(way, letter))
        decision = redriven(standing_of(way, letter, letter.content), again=again)
        problem = way.send(letter, decision)
        return RedriveResult(problem or decision.words, is_sent=not problem)

    return judge


def releasing(*, again: bool, yes: bool, say: Callable[[str], None] = typer.echo) -> Judge:
    """Return the judge that releases held deliveries, each after it has said its evidence."""

    def judge(way: Redrive, letter: Letter) -> RedriveResult:
        if not isinstance(letter.content, Delivery):
            return RedriveResult(_why_not(way, letter))
        standing = standing_of(way, letter, letter.content)
        decision = released(standing, again=again)
        say(f"{letter.short} {letter.origin}: {attempted(standing.record)}")
        asks = decision.delivery is not None and not (yes or way.rehearsal)
        if asks and not way.letter_queue.ask("Send it? Who has had it already gets it twice."):
            return RedriveResult("left as it is")
        problem = way.send(letter, decision)
        return RedriveResult(problem or decision.words, is_sent=not problem)

    return judge


def standing_of(way: Redrive, letter: Letter, delivery: Delivery) -> Standing:
    """Return a delivery with its ledger record at this moment."""
    record = way.ledger.delivery(way.ledger.under(delivery).id)
    return Standing(delivery, record, letter.reason, time.time(), partial(command, way.stack))


def judged(way: Redrive, letter: Letter, judge: Judge) -> RedriveResult:
    """Apply a judge to one letter; nothing is sent twice in one run, and SQS may be away."""
    if letter.happening in way.done:
        return RedriveResult("it was sent in this run already, and came back (or is a copy)")
    try:
        verdict = judge(way, letter)
    except Unavailable as error:
        return RedriveResult(f"SQS is away: {error}")
    if verdict.is_sent:
        way.done.add(letter.happening)
    return verdict


def _why_not(way: Redrive, letter: Letter) -> str:
    """Return why a letter without a delivery cannot be sent."""
    if letter.content is None:
        export = f"`{command(way.stack, f'dead-letters export {letter.short}')}`"
        return f"{letter.detail}: it cannot be sent; {export} keeps it"
    return f"it is an event of which no request was made ({letter.detail}): --rendered tries again"


def _sum_up(chosen: SelectedLetters, sent: int, left: int, *, rehearsal: bool) -> None:
    if not sent + left:
        say_strangers(chosen.choice)
    done = "released" if chosen.choice.kind == "held" else "redriven"
    typer.echo(f"{sent} {'would be ' if rehearsal else ''}{done}, {left} not")
