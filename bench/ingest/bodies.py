"""Sizes of the bodies that are measured, and numbers of rules."""

from typing import Final

SMALL, LARGE = "10 KB", "200 KB"
# Line items of an order by the size of its body: of five it has 9.5 KB, and each more has 1.4 KB.
ITEMS: Final = {SMALL: 5, LARGE: 134}
FEW, SOME, MANY = 3, 5, 500  # rules
