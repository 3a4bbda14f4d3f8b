"""A month's costs of a stack, by part, each with its formula.

In the formulas W are the webhooks of a month, D their deliveries and B the batches of these.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from relay.cost.measured import Measured
from relay.cost.prices import (
    ALARM,
    API_REQUEST,
    GB_SECOND,
    INVOCATION,
    KEY,
    LOG_BYTE,
    METRIC,
    MILLION,
    SECRET,
    SECRET_READ,
    SQS_REQUEST,
    STORED_GB,
    WRITE,
)

DAY: Final = 86_400  # seconds
MONTH: Final = 30 * DAY
INDEXES: Final = 2  # of the ledger, in which a claim writes an entry each
POLLS: Final = 2 * 5 * MONTH // 20  # SQS guide: 5 pollers of each queue, which ask every 20 s
STATES: Final = 2 * MONTH // 60  # writes: one campaign's state is looked up every minute
READS: Final = 2 * MONTH // 300  # of a secret by one environment of each function, every 5 min
ITEM_GB: Final = 1 / MILLION  # a delivery in the ledger: 1 KB
# template.yaml's format of the access log with its values; START, END and REPORT of an invocation.
ACCESS_BYTES, PLATFORM_BYTES = 250, 330
METRICS, METRICS_EACH = 10, 4  # of a stack; of each source, and of each rule
ALARMS: Final = 21
SECRETS: Final = 2


@dataclass(frozen=True, slots=True)
class Traffic:
    """The traffic of a stack in a month, and the stack's settings.

    `deliveries` are of a webhook, `batch` the deliveries that a worker gets at once, `cold` is the
    share of invocations that are cold starts. `memory` is in MB.
    """

    webhooks: int
    deliveries: float = 1
    batch: int = 1
    cold: float = 0.01
    memory: int = 1024
    ledger_days: int = 400
    sources: int = 1
    rules: int = 1


class CostItem(NamedTuple):
    """A part of a month's costs: what it is, its formula, and US dollars."""

    name: str
    formula: str
    dollars: float


def month(traffic: Traffic, measured: Measured) -> list[CostItem]:
    """Return the parts of a month's costs."""
    delivered = traffic.webhooks * traffic.deliveries
    return [
        CostItem(
            "API Gateway",
            f"W × {_millionth(API_REQUEST)}",
            traffic.webhooks * API_REQUEST,
        ),
        *_functions(traffic, measured, delivered),
        CostItem(
            "SQS",
            f"(D + 2 × B + {POLLS:,}) × {_millionth(SQS_REQUEST)}",
            (delivered + 2 * delivered / traffic.batch + POLLS) * SQS_REQUEST,
        ),
        *_ledger(traffic, measured, delivered),
        CostItem(
            "Secrets Manager",
            f"{SECRETS} × {SECRET:.2f} + {READS:,} × {SECRET_READ * 10**4:.2f} / 10⁴",
            SECRETS * SECRET + READS * SECRET_READ,
        ),
        *_watched(traffic, measured, delivered),
    ]


def _functions(traffic: Traffic, measured: Measured, delivered: float) -> list[CostItem]:
    webhook = measured.webhook(traffic.memory, traffic.cold) / 1000
    batch = measured.batch(traffic.batch, traffic.memory, traffic.cold) / 1000
    return [
        _function("ingest", "W", traffic, traffic.webhooks, webhook),
        _function("deliver", "B", traffic, delivered / traffic.batch, batch),
    ]


def _function(name: str, letter: str, traffic: Traffic, count: float, seconds: float) -> CostItem:
    gigabytes = traffic.memory / 1024
    return CostItem(
        f"Lambda, {name}",
        f"{letter} × ({_millionth(INVOCATION)} + {seconds:.4f} s × {gigabytes:g} GB × "
        f"{GB_SECOND * 10**5:.2f} / 10⁵)",
        count * (INVOCATION + seconds * gigabytes * GB_SECOND),
    )


def _ledger(traffic: Traffic, measured: Measured, delivered: float) -> list[CostItem]:
    writes = measured.batches[traffic.batch].writes + INDEXES
    months = traffic.ledger_days / 30
    states = STATES if delivered else 0
    return [
        CostItem(
            "DynamoDB, written",
            f"(D × {writes:g} + {states:,}) × {_millionth(WRITE)}",
            (delivered * writes + states) * WRITE,
        ),
        CostItem(
            f"DynamoDB, kept for {traffic.ledger_days} days",
            f"D × {traffic.ledger_days} / 30 × 1 KB × {STORED_GB:.2f} / 10⁶ KB",
            delivered * months * ITEM_GB * STORED_GB,
        ),
    ]


def _watched(traffic: Traffic, measured: Measured, delivered: float) -> list[CostItem]:
    webhook = measured.webhook_log_bytes + ACCESS_BYTES + PLATFORM_BYTES
    delivery = measured.batches[traffic.batch].log_bytes
    logged = traffic.webhooks * webhook + delivered * delivery
    logged += delivered / traffic.batch * PLATFORM_BYTES
    metrics = METRICS + METRICS_EACH * (traffic.sources + traffic.rules)
    metrics *= traffic.webhooks > 0  # one that is not written costs nothing
    return [
        CostItem(
            "CloudWatch, logs",
            f"(W × {webhook:,.0f} + D × {delivery:,.0f} + B × {PLATFORM_BYTES}) × "
            f"{LOG_BYTE * 10**9:.2f} / 10⁹",
            logged * LOG_BYTE,
        ),
        CostItem("CloudWatch, metrics", f"{metrics} × {METRIC:.2f}", metrics * METRIC),
        CostItem("CloudWatch, alarms", f"{ALARMS} × {ALARM:.2f}", ALARMS * ALARM),
        CostItem("KMS, key of the alarms", f"{KEY:.2f}", KEY),
    ]


def _millionth(price: float) -> str:
    return f"{price * MILLION:.3g} / 10⁶"
