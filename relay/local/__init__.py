"""The local stack: the deployed template on this machine, with rules that may be edited."""
