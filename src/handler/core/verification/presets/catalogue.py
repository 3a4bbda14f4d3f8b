"""The senders that are known by name, as data: each says which page of its vendor it is from.

They are plain values; the one that a rules file names is checked when the file is loaded.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from handler.core.verification.presets.accounts import ACCOUNTS
from handler.core.verification.presets.payments import PAYMENTS
from handler.core.verification.presets.shops import SHOPS
from handler.core.verification.presets.tools import TOOLS

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {**SHOPS, **PAYMENTS, **ACCOUNTS, **TOOLS}
)
