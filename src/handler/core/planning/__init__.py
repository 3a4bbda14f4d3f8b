"""Planning: from a verified webhook to the deliveries that rules make of it. Ingest only."""
