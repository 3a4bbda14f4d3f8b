"""Dead letters and held deliveries: read, and sent again or dropped, as the commands do it.

Each function waits for AWS's services, and raises botocore's errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from relay.console.interrupt import Ending
from relay.dead_letters.letter import Kind, Letter
from relay.dead_letters.queue_reader import borrowed, open_letter_queue_quietly
from relay.dead_letters.redrive import (
    Judge,
    Redrive,
    RedriveResult,
    judged,
    plainly,
    redrive_into,
    releasing,
)
from relay.dead_letters.redrive_rendered import RenderedRedrive
from relay.dead_letters.render import Sources
from relay.dead_letters.selection import LetterCriteria, SelectedLetters
from relay.stacks.activity import references_in
from relay.stacks.ledger import DeliveryRecord
from relay.stacks.logs import Search
from relay.stacks.selection import Operated

MOST: Final = 500  # letters that are shown
_ASKED: Final = 20  # names of orders that one look searches the log for
_KNOWN: Final = 5_000  # names that are kept
_BEFORE: Final = 60  # seconds: a webhook's line is written when it is answered
_COUNTS: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
Act = Literal["redrive", "rendered", "release", "drop"]
ACTS: Final[Mapping[Kind, tuple[Act, ...]]] = {
    "dead": ("redrive", "rendered", "drop"),
    "held": ("release", "drop"),
}


@dataclass(frozen=True, slots=True)
class FoundLetters:
    """The letters, the newest first, and the ledger's records of them by message id.

    `more` are left out, `lent` says how many another command has.
    """

    letters: tuple[Letter, ...] = ()
    records: Mapping[str, DeliveryRecord] = field(default_factory=dict)
    more: int = 0
    lent: str = ""


@dataclass(frozen=True, slots=True)
class LetterAction:
    """An operator's action on the letters of these ids; `again` also where they have expired."""

    act: Act
    kind: Kind
    ids: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The result of an action on a letter; `lines` are those in which its request differs."""

    letter: Letter
    words: str
    is_done: bool
    lines: tuple[str, ...] = ()


def count(stack: Operated) -> int:
    """Return how many letters there are, those in other hands too."""
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"], AttributeNames=list(_COUNTS)
    )
    return sum(int(answer["Attributes"][one]) for one in _COUNTS)


def read(stack: Operated) -> FoundLetters:
    """Return the letters, which are borrowed for a moment."""
    sqs, url = stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"]
    with borrowed(sqs, url, Ending(b"")) as loan:
        lent, number = loan.lent(), loan.count()
        # A local queue counts exactly: no receive waits a second for what is not there.
        letters = list(islice(loan.letters(), min(number, MOST)))
    chosen = SelectedLetters(stack, LetterCriteria("dead"), "")
    letters.sort(key=lambda one: one.sent_at, reverse=True)
    more = max(number - len(letters), 0)
    return FoundLetters(tuple(letters), chosen.records(letters), more, lent)


def names_of(
    stack: Operated, letters: Iterable[Letter], known: Mapping[str, str]
) -> dict[str, str]:
    """Return the names of orders by id, with those that are known; empty where there is none."""
    logs, group = stack.client("logs"), stack.resources["IngestLogGroup"]
    found = dict(known)
    unknown = [one for one in letters if one.id not in known]
    for letter in unknown[:_ASKED]:
        start = letter.accepted_at - _BEFORE
        for line in Search(start, None, f'"{letter.id}"', 1).lines(logs, group):
            found |= {key: one for key, one in references_in(line.entry).items() if one}
        found.setdefault(letter.id, "")  # asked once, found or not
    return dict([*found.items()][-_KNOWN:])


def carry_out(
    stack: Operated, wanted: LetterAction, sources: Sources, *, rehearsal: bool
) -> list[Done]:
    """Do what is wanted with each letter, or in a rehearsal only say what would be done."""
    chosen = SelectedLetters(stack, LetterCriteria(wanted.kind, ids=wanted.ids), "")
    lines: dict[str, Sequence[str]] = {}
    judge = _judge(wanted, sources, lines)
    made, left = list[Done](), set(wanted.ids)
    with open_letter_queue_quietly(chosen) as found:
        way = redrive_into(found, rehearsal=rehearsal)
        for letter in found:
            verdict = judged(way, letter, judge)
            shown = tuple(lines.get(letter.message_id, ()))
            made.append(Done(letter, verdict.words, verdict.is_sent, shown))
            left.discard(letter.id)
            if not left:  # no receive waits a second for another one
                break
    return made


def _judge(wanted: LetterAction, sources: Sources, lines: dict[str, Sequence[str]]) -> Judge:
    def show(letter: Letter, found: Sequence[str]) -> None:
        lines[letter.message_id] = found

    judges: dict[Act, Judge] = {
        "redrive": plainly(again=wanted.again),
        "rendered": RenderedRedrive(sources, wanted.again, True, show),  # noqa: FBT003 - the form has asked
        "release": releasing(again=wanted.again, yes=True, say=lambda _: None),
        "drop": _dropping,
    }
    return judges[wanted.act]


def _dropping(way: Redrive, letter: Letter) -> RedriveResult:
    if not way.rehearsal and not way.letter_queue.delete([letter]):
        return RedriveResult("it is still there: try again")
    held = letter.kind == "held"
    words = "in the ledger it stays held, and it is never sent" if held else "nothing is sent"
    return RedriveResult(f"is deleted for good: {words}", is_sent=True)
