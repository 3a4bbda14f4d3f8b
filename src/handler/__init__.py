"""The code that Lambda runs."""
