"""The ledger, one DynamoDB table: claims, requests, versions, counters, pauses. Deliver only."""
