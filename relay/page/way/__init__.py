"""The way of one webhook: received, verified, rules, requests, attempts, Braze.

The steps are made by functions of values; `lookup` alone asks the stack and its Braze.
"""
