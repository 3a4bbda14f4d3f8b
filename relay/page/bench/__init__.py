"""Bench on the page: what the rules make of an event, while they are edited."""
