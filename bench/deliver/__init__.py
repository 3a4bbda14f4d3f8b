"""CPU, wall time and calls of delivering: this checkout, an earlier release, and other ways."""
