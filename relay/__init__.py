"""The relay command: local stack, simulated Braze, tools. Never deployed."""
