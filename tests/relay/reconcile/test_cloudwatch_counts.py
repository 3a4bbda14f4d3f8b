import pytest

from relay.reconcile.cloudwatch_counts import Period

DAY = 86_400


@pytest.mark.parametrize(
    "start, end, now, expected",
    [
        (60.0, 120.0, 120.0, Period(60, 120, 60)),
        (60.9, 120.4, 120.4, Period(60, 180, 60)),  # the first second of a minute is in it too
        (59.9, 179.9, 179.9, Period(0, 180, 60)),
        (0.5, 100.5, 16 * DAY, Period(0, 300, 300)),
        (0.5, 3600.5, 64 * DAY, Period(0, 7200, 3600)),
    ],
)
def test_a_period_holds_all_of_its_seconds(
    start: float, end: float, now: float, expected: Period
) -> None:
    assert Period.of(start, end, now) == expected
