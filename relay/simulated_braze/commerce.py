"""Orders and revenue, as Braze computes them from events: by profile and for the workspace. Pure.

After Braze's page "Recommended events". Each repeat of an event counts once more. Braze converts
every amount to USD at the rate of its day; here amounts stand by their currency.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

Json = dict[str, Any]

_PLACED: Final = "ecommerce.order_placed"
_CANCELLED: Final = "ecommerce.order_cancelled"
_REFUNDED: Final = "ecommerce.order_refunded"


class Commerce:
    """Events by name, and the fields that Braze computes of them."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.orders = 0
        self.purchases = 0
        self._revenue: dict[str, Decimal] = defaultdict(Decimal)
        self._refunds: dict[str, Decimal] = defaultdict(Decimal)
        self._purchased: dict[str, Decimal] = defaultdict(Decimal)

    def add_event(self, name: str, properties: Mapping[str, Any]) -> None:
        """Count an event, and what it means for orders and revenue."""
        self.events[name] += 1
        if name == _CANCELLED:
            self.orders -= 1
        if name not in (_PLACED, _REFUNDED):
            return
        amount, currency = _exact(properties["total_value"]), properties["currency"]
        if name == _PLACED:
            self.orders += 1
            self._revenue[currency] += amount
        else:
            self._revenue[currency] -= amount
            self._refunds[currency] += amount

    def add_purchase(self, one: Mapping[str, Any]) -> None:
        """Count a legacy purchase: Braze takes a quantity as so many purchases."""
        quantity = one.get("quantity", 1)
        self.purchases += quantity
        self._purchased[one["currency"]] += quantity * _exact(one["price"])

    def shown(self) -> Json:
        """Return the figures as the control API shows them."""
        return {
            "events": dict(self.events),
            "total_orders": self.orders,
            "total_revenue": _numbers(self._revenue),
            "total_refunds": _numbers(self._refunds),
            "purchases": self.purchases,
            "purchase_revenue": _numbers(self._purchased),
        }


def _exact(amount: float) -> Decimal:
    """Return an amount as its digits say, so that a sum of cents stays one."""
    return Decimal(str(amount))


def _numbers(amounts: Mapping[str, Decimal]) -> dict[str, float]:
    return {currency: float(amount) for currency, amount in amounts.items()}
