"""A simulated Braze: strict, with a memory, and with faults on request.

It repeats Braze's contract on purpose: it is the oracle of the tests, written from Braze's pages,
and imports nothing of `handler.core.braze`.
"""
