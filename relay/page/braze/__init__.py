"""Braze's side on the page: profiles, messages, faults, and what was given up or is held."""
