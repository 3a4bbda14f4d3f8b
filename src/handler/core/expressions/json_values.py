"""JSON values in expressions: equality, emptiness and the budget that they cost."""

import math
from collections.abc import Collection
from typing import Final

from handler.core.errors import ExpressionError, OverBudget
from handler.core.json_types import kind

STEPS: Final = 200_000
CHARACTERS_PER_STEP: Final = 64
_DEPTH: Final = 200
_TOO_DEEP: Final = "its result is nested too deeply"
_WEIGHTLESS: Final = frozenset({bool, int, type(None)})


class Budget:
    """The steps that one evaluation has left: it pays one per node visited and per element made."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take steps off; raise ExpressionError when none are left."""
        self.left -= steps
        if self.left < 0:
            raise OverBudget(f"it takes more than {STEPS:,} steps on this event")

    def weigh(self, value: object, depth: int = 0) -> None:
        """Pay for a whole value by its size as JSON.

        Values share their parts, so a short expression can make one that is small in memory and
        endless as JSON.
        """
        if type(value) in _WEIGHTLESS:
            self.spend(1)
        elif isinstance(value, str):
            self.spend(1 + _text_steps(value))
        elif isinstance(value, dict):
            self.spend(1 + _keys_steps(value))
            self._weigh_all(value.values(), depth + 1)
        elif isinstance(value, list):
            self.spend(1)
            self._weigh_all(value, depth + 1)
        elif isinstance(value, float) and not math.isfinite(value):
            raise ExpressionError("its result is not a number that JSON can hold")
        else:
            self.spend(1)

    def _weigh_all(self, values: Collection[object], depth: int) -> None:
        if depth > _DEPTH and values:
            raise OverBudget(_TOO_DEEP)
        # A result is mostly short texts in lists and objects, and to weigh each by itself took
        # longer than to make them: the scalars of one list or object are paid for together.
        steps = 0
        for value in values:
            if type(value) is str:
                steps += 1 + len(value) // CHARACTERS_PER_STEP
            elif type(value) in _WEIGHTLESS:
                steps += 1
            else:
                self.weigh(value, depth)
        self.spend(steps)


def same(left: object, right: object, budget: Budget) -> bool:
    """Return JMESPath equality, at every depth: true is not 1, 1 is 1.0."""
    budget.spend(1 + _text_steps(left))
    if kind(left) != kind(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            same(mine, yours, budget) for mine, yours in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        budget.spend(len(left) + _keys_steps(left))
        return left.keys() == right.keys() and all(
            same(mine, right[key], budget) for key, mine in left.items()
        )
    return left == right


def missing(value: object) -> bool:
    """Return whether a value is null or blank text: there is nothing to send in it."""
    return value is None or (isinstance(value, str) and not value.strip())


def steps(value: object) -> int:
    """Return the steps that it costs to read a value once, without its inner parts."""
    if isinstance(value, str):  # the most frequent first: each argument of a call pays
        return len(value) // CHARACTERS_PER_STEP
    if isinstance(value, list):
        return len(value) + sum(map(_text_steps, value))
    return len(value) + _keys_steps(value) if isinstance(value, dict) else 0


def _keys_steps(value: dict[str, object]) -> int:
    steps = 0
    for key in value:
        steps += len(key) // CHARACTERS_PER_STEP
    return steps


def _text_steps(value: object) -> int:
    return len(value) // CHARACTERS_PER_STEP if isinstance(value, str) else 0
