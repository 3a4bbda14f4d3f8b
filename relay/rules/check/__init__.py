"""`relay rules check` and `relay rules schema`."""
