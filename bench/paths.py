"""Paths of the checkout, and of what benchmarks make."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1]
BUILD: Final = PROJECT / "build" / "bench"
