"""Proof of who sent a webhook: schemes, signatures, credentials, handshakes. Ingest only."""
