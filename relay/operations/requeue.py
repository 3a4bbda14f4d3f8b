"""`relay requeue`: moves deliveries out of a queue that no worker reads into the stack's own."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, Final

import typer

from handler.aws.retry import ONCE
from handler.aws.sqs import MAX_ENTRIES, Message, enqueue
from handler.core.message import encode, group_of
from handler.core.models import Delivery
from relay.console.format import counted
from relay.console.interrupt import noticed
from relay.dead_letters.letter import Letter
from relay.dead_letters.queue_reader import BorrowedMessages, borrowed
from relay.dead_letters.redrive import queued
from relay.stacks.selection import ConfigEnv, LocalOption, LocalPort, Operated, StackName, operated

_NUMBER: Final = "ApproximateNumberOfMessages"
_COUNTS: Final = (_NUMBER, f"{_NUMBER}NotVisible", f"{_NUMBER}Delayed")


def requeue(
    queue_url: Annotated[str, typer.Argument(help="The queue that no worker reads.")],
    *,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Move the deliveries of a queue that no worker reads into the queues of a stack.

    A rollback to a release without the low-priority queue leaves that queue, and
    what waits in it. A delivery of low priority becomes one that such a release
    reads. What is moved twice is sent once.

    Example: relay requeue https://sqs.eu-central-1.amazonaws.com/1/old-queue

    Exit codes: 0 the queue is empty, 1 something is left in it, 2 usage or no
    such stack
    """
    stack = operated(stack_name, config_env, local=local, port=port)
    if queue_url in (*stack.queues, stack.outputs["DeadLetterQueueUrl"]):
        raise typer.BadParameter(f"{stack.name} reads this queue itself")
    sqs, moved = stack.client("sqs"), 0
    with noticed() as ending, borrowed(sqs, queue_url, ending) as loan:
        letters = loan.letters()
        while some := [*islice(letters, MAX_ENTRIES)]:
            moved += _move(stack, loan, some)
    left = _left(sqs, queue_url)
    typer.echo(f"moved {counted(moved, 'delivery')}")
    if left:
        words = "what waits can be taken when its wait is over, mostly within the hour"
        typer.echo(f"{left:,} left in the queue: {words}: run this again", err=True)
    raise typer.Exit(1 if left else 0)


def _move(stack: Operated, loan: BorrowedMessages, letters: Sequence[Letter]) -> int:
    """Send the deliveries among some messages, then delete these; return how many are gone.

    Raise Unavailable where SQS does not take them: they stay where they are.
    """
    named: dict[str, list[tuple[Message, Letter]]] = {}
    for letter in letters:
        if isinstance(letter.content, Delivery):
            url, sent = queued(stack, letter.content)
            named.setdefault(url, []).append((Message(encode(sent), group_of(sent)), letter))
    sqs: Any = stack.client("sqs")
    gone = 0
    for url, given in named.items():
        refused = enqueue(sqs, url, [each for each, _ in given], ONCE)
        gone += loan.delete([letter for each, letter in given if each.body not in refused])
    return gone


def _left(sqs: Any, url: str) -> int:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
    return sum(int(found[name]) for name in _COUNTS)
