"""Commands for a running stack: status, trace, pause, resume, surge, requeue, erase."""
