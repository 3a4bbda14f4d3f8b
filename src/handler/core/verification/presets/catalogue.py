"""The catalogue of presets: senders known by name, each with the vendor's page that it is from.

Presets are plain data. The one that a rules file names is checked when the file is loaded.
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
