"""Presets: senders that are known by name."""
