"""Prices of AWS in US dollars, before any free tier and any discount for volume.

Each is from the service's own page of prices, for REGION on AS_OF.
"""

from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "2026-11-30"
MILLION: Final = 1_000_000

API_REQUEST: Final = 1.00 / MILLION  # HTTP API, once for each 512 KB
GB_SECOND: Final = 1.33 / 10**5  # Lambda on arm64
INVOCATION: Final = 0.20 / MILLION
SQS_REQUEST: Final = 0.40 / MILLION  # of up to 64 KB
WRITE: Final = 0.625 / MILLION  # DynamoDB on demand, an item or an entry of an index up to 1 KB
STORED_GB: Final = 0.25 + 0.20  # a month in DynamoDB, and of its point-in-time recovery
SECRET: Final = 0.40  # a month
SECRET_READ: Final = 0.05 / 10**4
LOG_BYTE: Final = 0.50 / 10**9
METRIC: Final = 0.30  # a month
ALARM: Final = 0.10  # a month
KEY: Final = 1.00  # a month in KMS
