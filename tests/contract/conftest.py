"""The simulated Braze of tests/relay, reset before each test."""

from tests.relay.conftest import braze, shared

__all__ = ["braze", "shared"]
