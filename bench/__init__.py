"""Measurements of the relay, beside its peers in the same run. Never deployed."""
