"""JMESPath expressions, templates and functions of rules. Ingest only."""
