"""`relay capture`: a webhook that has come becomes a sample, without the persons in it."""
