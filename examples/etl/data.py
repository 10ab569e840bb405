"""Made-up orders, customers and exchange rates: always the same for a seed, and with the mistakes that real files have."""

from __future__ import annotations

import random

Row = dict[str, str]

COUNTRIES = ("Chile", "Finland", "India", "Kenya", "Portugal", "Vietnam")
RATES = {"EUR": "1", "USD": "0.91", "JPY": "0.0062", "CHF": "1.05"}


def make(size: int, seed: int) -> dict[str, list[Row]]:
    """The rows of the three files; about one order in ten is spoilt."""
    chance = random.Random(seed)
    customers = [{"id": f"c{n}", "name": f"Customer {n}", "country": chance.choice(COUNTRIES)} for n in range(1, size // 10 + 2)]
    orders = [_order(chance, n, len(customers)) for n in range(1, size + 1)]
    customers[-1]["country"] = " "
    return {
        "orders": orders,
        "customers": customers,
        "rates": [{"id": currency, "rate": rate} for currency, rate in RATES.items()],
    }


def _order(chance: random.Random, number: int, customers: int) -> Row:
    order = {
        "id": f"o{number}",
        "customer": f"c{chance.randint(1, customers)}",
        "amount": f"{chance.randint(100, 99_999) / 100:.2f}",
        "currency": chance.choice(list(RATES)),
    }
    match chance.randint(1, 40):
        case 1:
            order["amount"] = ""
        case 2:
            order["currency"] = "XXX"
        case 3:
            order["customer"] = "c0"
        case 4:
            order["id"] = f"o{max(1, number - 1)}"
    return order
