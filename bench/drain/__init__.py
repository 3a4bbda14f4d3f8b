"""A discrete-event simulation of draining a backlog at Braze's hourly limit, in virtual time.

What decides is the product's own: coalescing, waits, limits, breakers and pauses are imported.
What takes time is a formula of measured parts (`costs.py`); what AWS and Braze do is modelled
(`queue.py`, `mapping.py`, `braze.py`). Messages are counted in lots, not decoded.
"""
