"""Pairs of writes to one profile that overtake each other, with the stale-write guard and without.

The guard and the ledger are the real ones, on DynamoDB in memory; they are called as in
`handler.worker.claim` and `handler.worker.settle`, without the queue and without batch requests.
"""

import bench.reliability  # noqa: F401 - finds this project's folder `tests`
