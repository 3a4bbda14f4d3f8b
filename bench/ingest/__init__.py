"""Ingest and cold starts of both functions, as they are built, measured beside others."""
