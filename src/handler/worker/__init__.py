"""The worker: from a batch of SQS messages to the disposition of each. Deliver only."""
