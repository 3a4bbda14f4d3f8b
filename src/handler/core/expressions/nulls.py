"""Nulls of a result: tells the event's own from those that stand for an absent value."""

from collections.abc import Iterable


class Nulls:
    """The nulls of one evaluation: noted by the evaluation, read where a null would be sent.

    A null within a value of the event is the event's own. Within an object or list that an
    expression makes, only the nulls that a path has found are.
    """

    def __init__(self) -> None:
        self.whole = False  # whether the result is a null of the event
        self._made: dict[int, tuple[object, frozenset[str | int]]] = {}

    def note(self, made: object, said: Iterable[str | int] = ()) -> None:
        """Note an object or list that the expression made, and the event's own nulls in it."""
        # A reference is kept, so that no other object gets its id.
        self._made.setdefault(id(made), (made, frozenset(said)))

    def take(self, other: "Nulls") -> None:
        """Note what another evaluation has noted of the parts of this one."""
        for key, made in other._made.items():  # noqa: SLF001 - of the same class
            self._made.setdefault(key, made)

    def says(self, holder: object, key: str | int) -> bool:
        """Return whether the null at a key of an object or list is the event's own."""
        made = self._made.get(id(holder))
        return made is None or key in made[1]
