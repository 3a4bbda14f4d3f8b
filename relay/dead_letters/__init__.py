"""`relay dead-letters` and `relay held`: list, show, redrive, release, drop, export."""
