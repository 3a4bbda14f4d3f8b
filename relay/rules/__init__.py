"""Checks, cases, explanations and comparisons of rules files, on the code that Lambda runs."""
