"""Which nulls of a result the event itself says. All others stand for what it does not have."""

from collections.abc import Iterable


class Nulls:
    """The nulls of one evaluation: filled by the interpreter, asked where a null would be sent.

    A null within a value of the event is the event's own. In what an expression makes, those are
    that a path has found there.
    """

    def __init__(self) -> None:
        self.whole = False  # whether the result is such a null
        self._made: dict[int, tuple[object, frozenset[str | int]]] = {}

    def note(self, made: object, said: Iterable[str | int] = ()) -> None:
        """Note an object or list that the expression made, and where in it the event says null."""
        # It is held, so that nothing else takes its id.
        self._made.setdefault(id(made), (made, frozenset(said)))

    def says(self, holder: object, key: str | int) -> bool:
        """Return whether the event says the null that stands in an object or list."""
        made = self._made.get(id(holder))
        return made is None or key in made[1]
