"""Mutated requests against the real ingest, judged by an oracle of its own."""
