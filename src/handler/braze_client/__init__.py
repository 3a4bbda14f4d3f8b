"""Braze over HTTPS: the client of one endpoint and its session. Deliver only."""
