"""Four ways to deliver from a queue, under the same faults, on the same services in memory."""
