"""What is kept of a person: letters in the dead letter queue, items of the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.console.format import counted
from relay.letters.letter import Letter
from relay.letters.reading import Loan
from relay.operations.persons import Person, others_of
from relay.stacks.ledger import Table


@dataclass(slots=True)
class Kept:
    """Letters to a person and letters that mention one, both borrowed, and keys of the ledger."""

    letters: list[Letter] = field(default_factory=list)
    mentions: list[Letter] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, person: Person, loan: Loan, table: Table, keys: list[str]) -> "Kept":
        """Read what is kept of a person; raise botocore's errors.

        All letters of the queue are borrowed for it. Whether that came to its end, `loan` says.
        """
        kept = cls(keys=sorted(table.get_many(keys)))
        for letter in loan.letters():
            if person.is_recipient(letter):
                kept.letters.append(letter)
            elif person.is_mentioned(letter):
                kept.mentions.append(letter)
        return kept

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept that is only this person's."""
        return not self.letters and not self.keys

    def told(self) -> Iterator[str]:
        """Yield what there is, in words without anything of the person."""
        held = sum(letter.kind == "held" for letter in self.letters)
        yield f"{counted(len(self.letters) - held, 'dead letter')} to this person"
        yield f"{counted(held, 'held delivery')} to this person"
        yield f"{counted(len(self.keys), 'item')} of the ledger (versions of the profile's data)"
        if self.mentions:
            verb = "mentions" if len(self.mentions) == 1 else "mention"
            letters = counted(len(self.mentions), "other letter")
            yield f"{letters} that {verb} the identifier: {_shorts(self.mentions)}"

    def others(self, person: Person) -> list[Person]:
        """Return the other identifiers by which letters to this person call them."""
        found = [others_of(letter, person) for letter in self.letters]
        return list(dict.fromkeys(other for other in found if other is not None))


def _shorts(letters: list[Letter], most: int = 5) -> str:
    shown = ", ".join(letter.short for letter in letters[:most])
    return f"{shown}, ..." if len(letters) > most else shown
