"""A simulated Braze: strict, with a memory, and failing as told.

It repeats Braze's contract on purpose: it is the oracle of the tests, written from Braze's pages,
and imports nothing of `handler.core.braze`.
"""
