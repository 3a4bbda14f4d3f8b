"""`relay reconcile`: the accounting of webhooks, events and deliveries."""
