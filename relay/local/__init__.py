"""The local stack: `relay run`, `relay up`, `relay demo`."""
