"""Commands that serve the rules on this machine: `relay run`, `relay up` and `relay demo`."""
