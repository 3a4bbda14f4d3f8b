"""The page of the local stack: every webhook's way to Braze, and a bench for rules.

It is served by `relay run` and `relay up` alone, on a port of its own, and is never deployed.
"""
