"""Builds the functions' packages: `sam build` calls it by make, the local stack by Python.

It is never deployed. It uses the standard library alone and nothing of `handler`: any Python from
3.11 on runs it, before anything is installed.
"""
