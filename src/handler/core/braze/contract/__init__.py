"""Checks of request bodies against Braze's pages. Ingest only."""
