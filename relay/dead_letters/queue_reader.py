"""Reads the dead letter queue by receiving; letters that are not deleted are returned at the end.

SQS shows messages only by receiving them. So a command borrows the letters with a long visibility
timeout, and sets it to 0 for each when it ends, however it ends. After a kill by force they are
visible again once that timeout is over.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeVar

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from relay.console.interrupt import Ending, noticed
from relay.dead_letters.letter import Letter
from relay.dead_letters.selection import SelectedLetters

T = TypeVar("T")
LOAN: Final = 900  # seconds
BATCH: Final = 10  # SQS, "Amazon SQS message quotas"
POLL: Final = 1  # seconds; a long poll asks all of SQS's servers, a short one some of them
_EMPTY: Final = 3  # empty polls, after which SQS's count is no longer trusted
_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())


@dataclass(slots=True)
class BorrowedMessages:
    """Letters borrowed from a queue; those still in `receipts` are returned."""

    sqs: Any
    url: str
    ending: Ending
    receipts: dict[str, str] = field(default_factory=dict, repr=False)
    _seen: set[str] = field(default_factory=set)

    def letters(self) -> Iterator[Letter]:
        """Yield each letter once, until the queue is empty or the command is interrupted."""
        expected, empty = self.count(), 0
        while empty < (1 if len(self._seen) >= expected else _EMPTY):
            if self.ending.wanted:
                return
            messages = self._receive()
            empty = 0 if messages else empty + 1
            fresh = [one for one in messages if one["MessageId"] not in self._seen]
            self._seen |= {one["MessageId"] for one in fresh}
            yield from map(Letter.of, fresh)

    def count(self) -> int:
        """Return about how many letters are in the queue and not borrowed."""
        return self._count("ApproximateNumberOfMessages")

    def lent(self) -> str:
        """Return how many letters another command has borrowed, which are missing here; or ''."""
        number = self._count("ApproximateNumberOfMessagesNotVisible")
        are = "letter is" if number == 1 else "letters are"
        words = f"{number} {are} in other hands: another command runs, or has been killed"
        return f"{words} within the last {LOAN // 60} minutes" if number else ""

    def delete(self, letters: Sequence[Letter]) -> int:
        """Delete letters for good; return how many SQS confirms."""
        deleted = 0
        for batch in _batches(letters):
            entries = [
                {"Id": str(index), "ReceiptHandle": self.receipts[letter.message_id]}
                for index, letter in enumerate(batch)
            ]
            answer = self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
            for entry in answer.get("Successful", []):
                del self.receipts[batch[int(entry["Id"])].message_id]
                deleted += 1
            if self.ending.wanted:
                break
        return deleted

    def give_back(self) -> None:
        """Make the remaining letters visible again; report where that fails."""
        self.ending.peace = True
        left = len(self.receipts)
        with suppress(ClientError, BotoCoreError):  # the first error is reported
            for batch in _batches(list(self.receipts.values())):
                left -= self._show(batch)
        if left:
            again = "it is" if left == 1 else "they are"
            words = f"{left} letter{'s' if left > 1 else ''} could not be given back: {again} seen"
            typer.echo(f"{words} again within {LOAN // 60} minutes", err=True)

    def _show(self, receipts: Sequence[str]) -> int:
        """Set visibility timeouts to 0; return how many SQS confirms."""
        entries = [
            {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
            for index, receipt in enumerate(receipts)
        ]
        answer = self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
        return len(answer.get("Successful", []))

    def _count(self, name: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def _receive(self) -> list[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=LOAN,
            WaitTimeSeconds=POLL,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        messages: list[Any] = answer.get("Messages", [])
        # Only the newest receipt is valid, also of a letter that is received again.
        self.receipts.update({one["MessageId"]: one["ReceiptHandle"] for one in messages})
        return messages


@contextmanager
def borrowed(sqs: Any, url: str, ending: Ending) -> Iterator[BorrowedMessages]:
    """Borrow a queue's letters, and return them at the end, whatever happens."""
    loan = BorrowedMessages(sqs, url, ending)
    try:
        yield loan
    finally:
        loan.give_back()


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


@dataclass(frozen=True, slots=True)
class LetterQueue:
    """The chosen letters; all but those deleted are returned when the command ends."""

    chosen: SelectedLetters
    loan: BorrowedMessages
    bar: Progress
    task: TaskID

    @property
    def ending(self) -> Ending:
        """The interrupt state: whether the command ends after the letter in hand."""
        return self.loan.ending

    def __iter__(self) -> Iterator[Letter]:
        """Yield the chosen letters, up to the limit, until the command is to end."""
        left = self.chosen.choice.limit
        self.bar.update(self.task, total=self.loan.count())
        for letter in self.loan.letters():
            if left == 0 or self.ending.wanted:
                return
            if self.chosen.choice.takes(letter):
                left = None if left is None else left - 1
                yield letter
            self.bar.advance(self.task)
            if left == 0:
                return

    def delete(self, letters: Sequence[Letter]) -> int:
        """Delete letters from the queue for good; return how many."""
        return self.loan.delete(letters)

    def ask(self, question: str) -> bool:
        """Ask the operator; Ctrl-C is an answer too, and ends the command."""
        self.bar.stop()
        try:
            with self.ending.asking():
                return typer.confirm(question)
        finally:
            self.bar.start()


@contextmanager
def open_letter_queue_quietly(chosen: SelectedLetters) -> Iterator[LetterQueue]:
    """Give the chosen letters, borrowed, without a word or a bar on the terminal."""
    url, sqs = chosen.stack.outputs["DeadLetterQueueUrl"], chosen.stack.client("sqs")
    bar = Progress(disable=True)
    with borrowed(sqs, url, Ending(b"")) as loan:
        yield LetterQueue(chosen, loan, bar, bar.add_task("", total=None))


@contextmanager
def open_letter_queue(chosen: SelectedLetters, doing: str) -> Iterator[LetterQueue]:
    """Give the chosen letters, borrowed; `doing` is the label of the progress bar."""
    url, sqs = chosen.stack.outputs["DeadLetterQueueUrl"], chosen.stack.client("sqs")
    screen = Console(stderr=True)
    with noticed() as ending:
        bar = Progress(
            *_COLUMNS,
            console=screen,
            transient=True,
            disable=not screen.is_terminal,
            redirect_stdout=sys.stdout.isatty(),  # else piped output would go to the screen
        )
        with borrowed(sqs, url, ending) as loan, bar:
            if lent := loan.lent():
                typer.echo(lent, err=True)
            yield LetterQueue(chosen, loan, bar, bar.add_task(doing, total=None))
        if ending.wanted:
            chosen.was_interrupted.append(True)
