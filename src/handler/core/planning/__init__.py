"""From a verified webhook to the deliveries that the rules make of it. Ingest only."""
