"""Braze's contract: endpoints, identifiers, requests, answers, limits."""
