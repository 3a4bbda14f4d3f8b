"""Stacks: which one a command means, its parameters, outputs and ledger."""
