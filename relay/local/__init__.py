"""The stack on this machine: `relay run`, `relay up`, `relay demo`."""
