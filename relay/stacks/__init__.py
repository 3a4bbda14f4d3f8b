"""Stacks: their selection by options, their parameters, outputs and ledger."""
