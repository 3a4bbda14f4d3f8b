"""`relay rules test`: cases, their results, coverage."""
