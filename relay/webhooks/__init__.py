"""Sample webhooks: read, signed as their sender would, posted."""
