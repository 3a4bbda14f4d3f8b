"""Faults of a run: far more than in real life, so that a short time shows much."""

from dataclasses import replace
from typing import Final

from tests.simulation import till
from tests.simulation.faults import Fault, Rates
from tests.simulation.shop import CAMPAIGNS
from tests.simulation.world import Setting

TICKETS: Final = next(one for one, rule in CAMPAIGNS.items() if rule == "ticket")
# Probabilities at each call, and at each start of an environment.
STORM: Final[Rates] = {
    "ingest.queue": {Fault("missing"): 0.1},
    "clock.*": {Fault("ahead", 300.0): 0.1, Fault("behind", 300.0): 0.1},
    "dynamodb.*": {
        Fault("error"): 0.004,
        Fault("error", 1.5): 0.002,
        Fault("throttled"): 0.004,
        Fault("lost", 1.0): 0.004,
        Fault("slow", 3.0): 0.002,
        Fault("dies_before"): 0.0005,
        Fault("dies_after"): 0.0005,
    },
    "dynamodb.stale": {Fault("stale"): 0.1},
    "dynamodb.entry": {Fault("conflict"): 0.004},  # beside those of every call
    "dynamodb.answer": {Fault("short"): 0.002},
    "sqs.*": {
        Fault("error"): 0.004,
        Fault("throttled"): 0.004,
        Fault("lost", 1.0): 0.004,
        Fault("slow", 2.0): 0.002,
        Fault("dies_before"): 0.001,
        Fault("dies_after"): 0.001,
    },
    "sqs.copy": {Fault("copy", 5.0): 0.005},
    "sqs.undone": {Fault("undone"): 0.002},
    "sqs.entry": {Fault("failed"): 0.005},
    "sqs.unset": {Fault("failed"): 0.005},
    "secretsmanager.*": {Fault("error", 1.0): 0.1, Fault("throttled"): 0.05, Fault("lost"): 0.02},
    "braze.get": {
        Fault("timeout"): 0.02,
        Fault("reset"): 0.01,
        Fault("refused"): 0.01,
        Fault("limited"): 0.01,
        Fault("server_error"): 0.02,
        Fault("edge"): 0.01,
        Fault("page"): 0.01,
        Fault("cut"): 0.01,
        Fault("interim"): 0.01,
        Fault("headless"): 0.01,
        Fault("slow", 5.0): 0.02,
        Fault("dies_before"): 0.01,
        Fault("dies_after"): 0.01,
    },
    "braze.post": {
        Fault("timeout"): 0.01,
        Fault("timeout_applied"): 0.01,
        Fault("late", 120.0): 0.002,
        Fault("reset"): 0.005,
        Fault("reset_applied"): 0.005,
        Fault("refused"): 0.01,
        Fault("dns"): 0.002,
        Fault("limited"): 0.0005,
        Fault("limited_seconds"): 0.005,
        Fault("limited_mad"): 0.002,
        Fault("server_error"): 0.01,
        Fault("unavailable"): 0.01,
        Fault("edge"): 0.005,
        Fault("edge_applied"): 0.005,
        Fault("cut"): 0.005,
        Fault("unreadable"): 0.003,
        Fault("slow", 20.0): 0.01,
        Fault("dies_before"): 0.001,
        Fault("dies_after"): 0.002,
        Fault("not_found"): 0.001,
        Fault("unknown_target"): 0.001,
        Fault("page"): 0.001,
        Fault("page_applied"): 0.001,
        Fault("interim"): 0.005,
        Fault("interim_many"): 0.002,
        Fault("interim_alone"): 0.001,
        Fault("interim_alone_applied"): 0.001,
        Fault("headless"): 0.003,
    },
}


def stormy(seed: int, webhooks: int) -> Setting:
    """Return a run in which everything fails now and then, Braze twice for long."""
    lasts = webhooks / 10
    return Setting(
        seed,
        webhooks,
        rates=STORM,
        outages=(
            (lasts * 0.2, lasts * 0.2 + min(600, lasts * 0.1), "refused"),
            (lasts * 0.6, lasts * 0.6 + min(600, lasts * 0.1), "edge"),
        ),
        down=(
            (lasts * 0.3, lasts * 0.3 + 20, "dynamodb"),
            (lasts * 0.5, lasts * 0.5 + 20, "sqs"),
            (lasts * 0.7, lasts * 0.7 + 60, "secretsmanager"),
        ),
        pauses=((lasts * 0.1, lasts, TICKETS),),  # until the calm
        gone=(lasts * 0.45, lasts * 0.45 + 20),
        rotations=(lasts * 0.4, lasts * 0.8),
    )


# Beside those above, of requests that hold objects.
_OF_OBJECTS: Final = {
    Fault("errors_some"): 0.005,
    Fault("errors_all"): 0.003,
    Fault("errors_nowhere"): 0.003,
    Fault("limited_bare"): 0.0005,
}


def counted(seed: int, webhooks: int) -> Setting:
    """Return the same of a till, whose orders are counted; Braze refuses some of the objects."""
    rates = {**STORM, "braze.post": {**STORM["braze.post"], **_OF_OBJECTS}}
    storm = replace(stormy(seed, webhooks), rates=rates, pauses=())
    return replace(storm, make=till.webhooks, refuses=till.refuses)
