"""The worker: from a batch of SQS messages to what becomes of each. Deliver only."""
