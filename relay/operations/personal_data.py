"""Finds what the relay keeps of a person: letters to or about them, and keys of the ledger."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import JsonValue

from handler.core.braze.identifiers import ARRAYS, user_of
from handler.core.message import unpack
from handler.core.models import Delivery, Parked
from handler.ledger.profile_versions import user_key
from relay.console.format import counted
from relay.dead_letters.letter import Letter
from relay.dead_letters.queue_reader import BorrowedMessages
from relay.rules.names import Names
from relay.stacks.ledger import Ledger

Identifier = Literal["external_user_id", "user_alias", "email", "phone"]
# Those by which a profile's attributes name a person too, with the names of lists of them.
_ADDRESSES: Final = {"email": ("email", "emails"), "phone": ("phone", "phones")}


@dataclass(frozen=True, slots=True)
class Person:
    """A person as Braze identifies them: an identifier and its value; an alias is (name, label)."""

    identifier: Identifier
    value: str | tuple[str, str]

    @property
    def text(self) -> str:
        """The value that a webhook would have: of an alias its name."""
        return self.value if isinstance(self.value, str) else self.value[0]

    def keys(self, names: Names) -> list[str]:
        """Return the keys that their items in the ledger can have: by workspace, rule and guard."""
        guards = {(source, named.guard or rule) for (source, rule), named in names.rules.items()}
        return [
            user_key(workspace, who, *rule)
            for workspace in sorted(names.workspaces)
            for rule in sorted(guards | names.rules.keys())
            for who in self._spellings()
        ]

    def is_recipient(self, letter: Letter) -> bool:
        """Return whether a letter is a delivery to them.

        Addresses and telephone numbers are looked for in the recipient, in its attributes, and in
        the objects of a request that names its user in each; addresses without regard to case.
        """
        if not isinstance(letter.content, Delivery):
            return False
        if names := _ADDRESSES.get(self.identifier):
            parts = _parts(letter.content.recipient or {})
            given = (part.get(name) for part in parts for name in names)
            return any(self._is_text(value) for one in given for value in _values(one))
        return user_of(letter.content) == self._spellings()[0]

    def is_mentioned(self, letter: Letter) -> bool:
        """Return whether their identifier is a value in a letter, or in its event.

        A letter that cannot be read is searched as text.
        """
        if letter.content is None:
            return self.text.casefold() in letter.body.casefold()
        return any(self._is_text(value) for value in _values(_content(letter.content)))

    def _is_text(self, value: JsonValue) -> bool:
        if isinstance(value, bool) or not isinstance(value, str | int):
            return False
        given, own = str(value), self.text
        if self.identifier == "email":
            given, own = given.casefold(), own.casefold()
        return given == own

    def _spellings(self) -> list[list[JsonValue]]:
        """Return the identifier as the ledger's keys spell it; an address in lower case too."""
        if not isinstance(self.value, str):
            return [[self.identifier, list(self.value)]]
        spelt = [self.value]
        if self.identifier == "email":
            spelt.append(self.value.lower())
        return [[self.identifier, one] for one in dict.fromkeys(spelt)]


def others_of(letter: Letter, known: Person) -> Person | None:
    """Return the identifier of a letter's recipient, if it is another one."""
    found = user_of(letter.content) if isinstance(letter.content, Delivery) else None
    match found:
        case ["external_user_id", str(value)]:
            other = Person("external_user_id", value)
        case ["user_alias", [str(name), str(label)]]:
            other = Person("user_alias", (name, label))
        case _:
            return None
    return None if other == known else other


def _parts(recipient: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    """Yield what can name a recipient: it itself, its attributes, the objects of its arrays."""
    yield recipient
    for name in dict.fromkeys(("attributes", *ARRAYS)):
        found = recipient.get(name)
        objects = found if isinstance(found, list) else [found]
        yield from (one for one in objects if isinstance(one, dict))


def _content(content: Delivery | Parked) -> list[JsonValue]:
    found: list[JsonValue] = []
    if isinstance(content, Delivery):
        found += [content.recipient, content.send]
    with suppress(ValueError, zlib.error):  # not the relay's message: it has no event to search
        found.append(unpack(content.event))
    return found


def _values(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part)
    else:
        yield value


@dataclass(slots=True)
class Kept:
    """Letters to a person and letters that mention them, both borrowed, and keys of the ledger."""

    letters: list[Letter] = field(default_factory=list)
    mentions: list[Letter] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, person: Person, loan: BorrowedMessages, table: Ledger, keys: list[str]) -> "Kept":
        """Read what is kept of a person; raise botocore's errors.

        All letters of the queue are borrowed for it; `loan` has whether it was interrupted.
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

    def described(self) -> Iterator[str]:
        """Yield what there is, in words without personal data."""
        held = sum(letter.kind == "held" for letter in self.letters)
        yield f"{counted(len(self.letters) - held, 'dead letter')} to this person"
        yield f"{counted(held, 'held delivery')} to this person"
        yield f"{counted(len(self.keys), 'item')} of the ledger (versions of the profile's data)"
        if self.mentions:
            verb = "mentions" if len(self.mentions) == 1 else "mention"
            letters = counted(len(self.mentions), "other letter")
            yield f"{letters} that {verb} the identifier: {_shorts(self.mentions)}"

    def others(self, person: Person) -> list[Person]:
        """Return the other identifiers of this person in the letters to them."""
        found = [others_of(letter, person) for letter in self.letters]
        return list(dict.fromkeys(other for other in found if other is not None))


def _shorts(letters: list[Letter], most: int = 5) -> str:
    shown = ", ".join(letter.short for letter in letters[:most])
    return f"{shown}, ..." if len(letters) > most else shown
