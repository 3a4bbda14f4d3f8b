"""`relay send`: samples and backfills, signed as their sender would."""
