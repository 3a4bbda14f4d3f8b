"""AWS services: events, queue, table, clock, secrets, metrics, errors."""
