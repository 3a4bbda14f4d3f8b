"""Rules files: loading, schema, checks, compiling. Ingest only."""
