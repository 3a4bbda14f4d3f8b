"""Decisions of the worker: claims, batches, back-off, breaker. Deliver only."""
