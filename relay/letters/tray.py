"""The letters that a command has chosen, one by one, with a bar for who waits."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from relay.console.interrupt import Ending, noticed
from relay.letters.choosing import Chosen
from relay.letters.letter import Letter
from relay.letters.reading import Loan, borrowed

_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())


@dataclass(frozen=True, slots=True)
class Tray:
    """The chosen letters; all but those deleted are given back when the command ends."""

    chosen: Chosen
    loan: Loan
    bar: Progress
    task: TaskID

    @property
    def ending(self) -> Ending:
        """Whether the command is to end after the letter in hand."""
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
        """Ask whoever sits there; Ctrl-C is an answer too, and ends the command."""
        self.bar.stop()
        try:
            with self.ending.asking():
                return typer.confirm(question)
        finally:
            self.bar.start()


@contextmanager
def tray(chosen: Chosen, doing: str) -> Iterator[Tray]:
    """Give the chosen letters, borrowed; `doing` is a word for the bar."""
    url, sqs = chosen.stack.outputs["DeadLetterQueueUrl"], chosen.stack.client("sqs")
    screen = Console(stderr=True)
    with noticed() as ending:
        bar = Progress(
            *_COLUMNS,
            console=screen,
            transient=True,
            disable=not screen.is_terminal,
            redirect_stdout=sys.stdout.isatty(),  # else what is piped would land on the screen
        )
        with borrowed(sqs, url, ending) as loan, bar:
            loan.say_what_is_lent()
            yield Tray(chosen, loan, bar, bar.add_task(doing, total=None))
        if ending.wanted:
            chosen.was_interrupted.append(True)
