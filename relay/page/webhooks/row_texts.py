"""Rows of the list as HTML: each is rendered once, as long as nothing in it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from relay.page.rendering import fragment
from relay.page.webhooks.listing import WebhookRow

_KEPT: Final = 2_000
_Key = tuple[int, str, str, bool, bool]


@dataclass(slots=True)
class RowTexts:
    """The rows that were shown last."""

    _made: dict[_Key, Markup] = field(default_factory=dict)

    def of(self, rows: Sequence[WebhookRow], chosen: int) -> list[Markup]:
        """Return rows as HTML. The tabulator key reaches the chosen one, else the first."""
        numbers = [one.summary.number for one in rows]
        reached = chosen if chosen in numbers else next(iter(numbers), 0)
        found = [self._of(row, (chosen, reached)) for row in rows]
        while len(self._made) > _KEPT:
            del self._made[next(iter(self._made))]
        return found

    def _of(self, row: WebhookRow, marked: tuple[int, int]) -> Markup:
        number = row.summary.number
        chosen, reached = (number == one for one in marked)
        key = (number, row.kind, row.state, chosen, reached)
        if key not in self._made:
            values = {"row": row, "is_chosen": chosen, "is_reached": reached}
            text = fragment("webhooks/row.html", values)
            self._made[key] = Markup(text)  # noqa: S704 - our own template, which escapes values
        return self._made[key]
