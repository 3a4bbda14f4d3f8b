"""The ledger, one DynamoDB table: claims, batches, versions, counters, pauses. Deliver only."""
