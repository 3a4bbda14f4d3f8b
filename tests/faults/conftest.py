"""The worker and its queue as the adapters' tests have them."""

from tests.handler.conftest import aws, braze, delivery, queue, settings

__all__ = ["aws", "braze", "delivery", "queue", "settings"]
