"""The claim protocol alone: no handlers, no JSON, so that ten million deliveries fit in minutes."""
