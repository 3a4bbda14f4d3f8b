"""A simulated Braze: enforces the contract of its trigger endpoints, and fails when told to."""
