"""One evaluation of an expression: its document, its budget, and what an observer wants of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jmespath.exceptions import JMESPathTypeError

from handler.core.errors import ExpressionError
from handler.core.expressions.defines import Defined, DefinedValue, Roots
from handler.core.expressions.json_values import STEPS, Budget, missing
from handler.core.expressions.nulls import Nulls
from handler.core.json_types import JsonValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from jmespath.visitor import _TreeNode as Node

    # A compiled node: the value that it is evaluated on, and the evaluation, to its own value.
    Closure = Callable[[Any, "Evaluation"], Any]

# Functions that evaluate their arguments up to the one whose value they give. `not_null` does so in
# the rules' dialect only: plain JMESPath's libraries evaluate all of its arguments.
FIRST_THERE: Final = ("coalesce", "not_null")
# All that the library, or Python beneath it, is known to raise on a hostile document.
FAILURES: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def is_true(value: object) -> bool:
    """Return JMESPath truth: null, false and what is empty are false; 0 is true."""
    return bool(value) or (value is not False and isinstance(value, int | float))


def is_there(name: str, value: object) -> bool:
    """Return whether a function of `FIRST_THERE` gives this value, and looks no further."""
    return not missing(value) if name == "coalesce" else value is not None


@dataclass(slots=True)
class EvaluatedNode:
    """A node that was evaluated on the document itself, with its value and the steps within it."""

    node: "Node"
    value: JsonValue = None
    steps: "list[EvaluatedNode]" = field(default_factory=list)


class Evaluation(Budget):
    """The state of one evaluation, and the budget that all of it is paid from.

    `roots` hold the values of names; without them a name is evaluated in its place. Where `nulls`
    are wanted, `of_nulls` are the steps that only the search for them pays. `steps` are those that
    are recorded within the node that is being evaluated, where they are.
    """

    __slots__ = ("document", "nulls", "of_nulls", "roots", "steps")

    def __init__(self, seen: JsonValue | Roots, nulls: Nulls | None = None) -> None:
        super().__init__()
        self.roots: Roots | None = None
        self.document: JsonValue
        if isinstance(seen, Roots):
            self.roots, self.document = seen, seen.values
        else:
            self.document = seen
        self.nulls = nulls
        self.of_nulls = 0
        self.steps: list[EvaluatedNode] = []

    def named(self, defined: Defined, closure: "Closure", roots: Roots) -> object:
        """Return the value of a name: evaluated where it is used first, and paid for each time."""
        outcomes, key = roots.place(defined)
        key = (*key, self.nulls is not None)
        outcome = outcomes.get(key)
        if outcome is None:
            outcome = outcomes[key] = self._outcome(closure, roots)
        self.spend(outcome.steps + outcome.of_nulls)
        self.of_nulls += outcome.of_nulls
        if self.nulls is not None and outcome.nulls is not None:
            self.nulls.take(outcome.nulls)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def _outcome(self, closure: "Closure", roots: Roots) -> DefinedValue:
        """Return the outcome of a name, evaluated with a budget of its own."""
        own = Evaluation(roots, None if self.nulls is None else Nulls())
        value, failure = None, None
        try:
            value = closure(own.document, own)
        except (ExpressionError, JMESPathTypeError, *FAILURES) as error:
            failure = error
        steps = STEPS - own.left - own.of_nulls
        return DefinedValue(value, own.nulls, steps, own.of_nulls, failure)
