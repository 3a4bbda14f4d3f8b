import pytest
from pydantic import JsonValue

from handler.core.expressions.expression import search

NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 - as ISO lists them
THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
FOUR = ("CLF", "UYW")


@pytest.mark.parametrize(
    "amount, currency, text",
    [
        ("19.9", "USD", "19.90"),
        (19.9, "usd", "19.90"),
        (19.9, "JPY", "20"),
        ("1.5", "KWD", "1.500"),
        (100, "EUR", "100.00"),
        ("1.005", "EUR", "1.01"),
        (1.005, "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
        ("0.5", "JPY", "1"),
        ("-0.001", "EUR", "0.00"),
        (" 7.00 ", "EUR", "7.00"),
        ("1234567.891", "Eur", "1234567.89"),
        (1e16, "EUR", "10000000000000000.00"),
        ("1,299.00", "USD", None),
        ("19.90 EUR", "EUR", None),
        ("", "EUR", None),
        ("nan", "EUR", None),
        ("0.199e2", "USD", "19.90"),
        ("-0.5E-1", "USD", "-0.05"),
        ("1e3", "EUR", "1000.00"),
        ("0.0", "EUR", "0.00"),
        ("1e999", "EUR", None),
        ("1e-999", "EUR", "0.00"),
        ("1e", "EUR", None),
        ("e3", "EUR", None),
        ("٣", "EUR", None),
        (1e300, "EUR", None),
        ("1", "euro", None),
        ("1", "EU", None),
        ("1", "€€€", None),
        ("1", "ÄÖÜ", None),
        ("1", "", None),
    ],
)
def test_an_amount_has_its_currencys_decimals(
    amount: JsonValue, currency: str, text: str | None
) -> None:
    assert search("money(a, c)", {"a": amount, "c": currency}) == text


@pytest.mark.parametrize(
    "amount, currency, text",
    [
        (1099, "usd", "10.99"),
        ("1099", "usd", "10.99"),
        ("0.1099e4", "usd", "10.99"),
        ("0.10995e4", "usd", None),
        ("1e999", "usd", None),
        (1099, "JPY", "1099"),
        (1500, "KWD", "1.500"),
        (-5, "eur", "-0.05"),
        (0, "eur", "0.00"),
        (1099.0, "eur", "10.99"),
        (820982911946154508, "eur", "8209829119461545.08"),
        (10.5, "eur", None),
        ("10.50", "eur", None),
        ("ten", "eur", None),
        (10**400, "eur", None),
        (1099, "euro", None),
    ],
)
def test_minor_units_are_shifted_by_the_currencys_decimals(
    amount: JsonValue, currency: str, text: str | None
) -> None:
    assert search("minor_units(a, c)", {"a": amount, "c": currency}) == text


@pytest.mark.parametrize("currency", [*NONE, *THREE, *FOUR, "USD", "EUR", "HUF", "MGA", "TWD"])
def test_decimals_are_those_of_iso_4217(currency: str) -> None:
    places = {**dict.fromkeys(NONE, 0), **dict.fromkeys(THREE, 3), **dict.fromkeys(FOUR, 4)}
    shown = search("money('1', @)", currency)
    assert shown == f"{1:.{places.get(currency, 2)}f}"
    assert (
        search("minor_units(`10000`, @)", currency)
        == f"{10 ** (4 - len(shown[2:])):.{len(shown[2:])}f}"
    )


@pytest.mark.parametrize(
    "currency, text",
    [
        ("usd", "5.00"),
        ("jpy", "500"),
        ("isk", "5"),
        ("ugx", "5"),
        ("mga", "500.00"),
        ("huf", "5.00"),
    ],
)
def test_stripe_counts_three_currencies_in_its_own_way(currency: str, text: str) -> None:
    assert search("minor_units(`500`, @, 'stripe')", currency) == text
