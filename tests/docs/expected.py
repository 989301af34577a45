#!/usr/bin/env python3
"""Counts what docs/language.md says of the sample data, without Camp: row by row, from the files.

    python3 tests/docs/expected.py
"""
import csv
from datetime import date, datetime
from pathlib import Path

DATA = Path(__file__).parent.parent.parent / "examples" / "data"
NOW = datetime(2026, 11, 24, 9, 30)
TODAY = NOW.date()


def rows(name):
    with open(DATA / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


customers, orders, lines = rows("customers"), rows("orders"), rows("order_lines")
products = {p["sku"]: p for p in rows("products")}
blocked = {b["address"].lower() for b in rows("blocklist")}
for o in orders:
    o["at"] = datetime.fromisoformat(o["ordered_at"])
    o["cents"] = round(float(o["amount"]) * 100)
    o["lines"] = [l for l in lines if l["order_id"] == o["order_id"]]
for c in customers:
    c["orders"] = [o for o in orders if o["customer_id"] == c["customer_id"]]
    c["paid"] = [o for o in c["orders"] if o["status"] == "paid"]
    c["signed"] = datetime.fromisoformat(c["signed_up_at"])
    c["born"] = date.fromisoformat(c["birthday"]) if c["birthday"] else None


def last_days(at, first):
    """From the first day on, and not later than now."""
    return first <= at.date() and at <= NOW


def count(name, rule, of=customers):
    print(f"{name}: {sum(1 for row in of if rule(row))}")


count('country = "FR"', lambda c: c["country"] == "FR")
count('country != "FR"', lambda c: c["country"] != "FR")
count("consent", lambda c: c["consent"] == "true")
count("not consent", lambda c: c["consent"] != "true")
count("birthday before 1990-01-01", lambda c: c["born"] and c["born"] < date(1990, 1, 1))
count("not birthday before 1990-01-01", lambda c: not c["born"] or c["born"] >= date(1990, 1, 1))
count("birthday is missing", lambda c: not c["born"])
count("email is present", lambda c: c["email"])
count("email is empty", lambda c: not c["email"])
count("any orders", lambda c: c["orders"])
count("no orders", lambda c: not c["orders"])
count("any refunded", lambda c: any(o["status"] == "refunded" for o in c["orders"]))
count("no refunded", lambda c: not any(o["status"] == "refunded" for o in c["orders"]))
count("at least 3 paid", lambda c: len(c["paid"]) >= 3)
count("every paid", lambda c: all(o["status"] == "paid" for o in c["orders"]))
count("any and every paid", lambda c: c["orders"] and len(c["paid"]) == len(c["orders"]))
count("paid and > 200 on one order", lambda c: any(o["cents"] > 20000 for o in c["paid"]))
count(
    "a paid one, and one > 200",
    lambda c: c["paid"] and any(o["cents"] > 20000 for o in c["orders"]),
)
count("sum of paid >= 400", lambda c: sum(o["cents"] for o in c["paid"]) >= 40000)
count("sum of orders = 0", lambda c: sum(o["cents"] for o in c["orders"]) == 0)
count(
    "last paid > 100",
    lambda c: c["paid"] and max(c["paid"], key=lambda o: o["at"])["cents"] > 10000,
)
count(
    "any garden line",
    lambda c: any(products[l["sku"]]["category"] == "Garden" for o in c["orders"] for l in o["lines"]),
)
count(
    "any order in last 30 days",
    lambda c: any(last_days(o["at"], date(2026, 10, 26)) for o in c["orders"]),
)
count(
    "last order before 180 days ago",
    lambda c: c["orders"] and max(o["at"] for o in c["orders"]).date() < date(2026, 5, 28),
)
count("signed up in this year", lambda c: c["signed"].year == 2026)
count("signed up = 2026-11-01 or later", lambda c: c["signed"].date() >= date(2026, 11, 1))
count(
    "birthday in next 7 days",
    lambda c: c["born"] and date(2026, 11, 25) <= c["born"].replace(year=2026) <= date(2026, 12, 1)
    if not (c["born"] and (c["born"].month, c["born"].day) == (2, 29))
    else False,
)
count("orders of the French", lambda o: next(c for c in customers if c["customer_id"] == o["customer_id"])["country"] == "FR", orders)
count("paid orders", lambda o: o["status"] == "paid", orders)
count("blocked addresses", lambda c: c["email"].lower() in blocked and c["email"])
count("consent, not blocked", lambda c: c["consent"] == "true" and c["email"].lower() not in blocked)
fr, yes = {c["customer_id"] for c in customers if c["country"] == "FR"}, {c["customer_id"] for c in customers if c["consent"] == "true"}
print("union", len(fr | yes), "both", len(fr & yes), "only French", len(fr - yes), "not in both", len(fr ^ yes))
