"""Webhooks on the page: the list as they arrive, and the way of each to Braze."""
