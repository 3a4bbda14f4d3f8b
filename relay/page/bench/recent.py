"""Recent results, by what they were made of: bounded, the least used are forgotten."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Recent(Generic[T]):
    """The results that were used last."""

    most: int
    _kept: OrderedDict[Hashable, T] = field(default_factory=OrderedDict)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __getitem__(self, key: Hashable) -> T:
        self._kept.move_to_end(key)
        return self._kept[key]

    def __setitem__(self, key: Hashable, value: T) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def get(self, key: Hashable) -> T | None:
        """Return a result, None where it is not known."""
        return self[key] if key in self._kept else None
