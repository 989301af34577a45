#!/usr/bin/env python3
"""Computes what the examples have to find, without Camp: row by row, from the files.

    python3 examples/data/expected.py

`tests/program/examples.rs` holds these numbers.
"""

import csv
import os
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
AS_OF = date(2026, 11, 24)


def rows(name):
    with open(os.path.join(HERE, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


customers = {row["customer_id"]: row for row in rows("customers.csv")}
category = {row["sku"]: row["category"] for row in rows("products.csv")}
blocked_addresses = {row["address"].lower() for row in rows("blocklist.csv")}
orders, lines = defaultdict(list), defaultdict(list)
for row in rows("orders.csv"):
    row["ordered_at"] = datetime.fromisoformat(row["ordered_at"])
    row["amount"] = Decimal(row["amount"])
    orders[row["customer_id"]].append(row)
for row in rows("order_lines.csv"):
    lines[row["order_id"]].append(row)


def those(rule):
    return {key for key, row in customers.items() if rule(key, row)}


def in_last(day, first, as_of):
    """The run is at midnight, so the last day that counts is the one before."""
    return first < day < as_of


def paid(key, since=date.min, before=date.max):
    return sum(
        (order["amount"] for order in orders[key]
         if order["status"] == "paid" and since < order["ordered_at"].date() < before),
        Decimal(0),
    )


def year_before(day):
    return day.replace(year=day.year - 1)


print("01 french:", len(those(lambda _, c: c["country"] == "FR" and c["consent"] == "true" and c["email"])))

lapsed = those(lambda key, c: orders[key] and c["email"] and paid(key) >= 100
               and max(o["ordered_at"] for o in orders[key]).date() < AS_OF - timedelta(days=180))
opted_out = those(lambda _, c: c["consent"] != "true")
print("02 lapsed:", len(lapsed), "opted_out:", len(opted_out),
      "reachable:", len(lapsed - opted_out), "suppressed:", len(lapsed & opted_out))

big = those(lambda key, _: paid(key, year_before(AS_OF), AS_OF) >= 300)
new = those(lambda _, c: in_last(datetime.fromisoformat(c["signed_up_at"]).date(),
                                 AS_OF - timedelta(days=90), AS_OF))
gardeners = those(lambda key, _: any(category[line["sku"]] == "Garden"
                                     for order in orders[key] for line in lines[order["order_id"]]))
unhappy = those(lambda key, _: sum(o["status"] == "refunded" for o in orders[key]) >= 2)
wanted = (big | new | gardeners) - unhappy
reachable = {key for key in wanted if customers[key]["consent"] == "true" and customers[key]["email"]}
blocked = {key for key in reachable if customers[key]["email"].lower() in blocked_addresses}
invited = reachable - blocked
# Half a row counts as a whole one.
best = (len(invited) * 10 + 50) // 100
print("03 big_spenders:", len(big), "newcomers:", len(new), "gardeners:", len(gardeners),
      "unhappy:", len(unhappy), "wanted:", len(wanted), "reachable:", len(reachable),
      "blocked:", len(blocked), "invited:", len(invited), "best:", best,
      "others:", len(invited) - best)


def club(as_of):
    return those(lambda key, _: paid(key, year_before(as_of), as_of) >= 400)


august, november = club(date(2026, 8, 1)), club(AS_OF)
print("04 august:", len(august), "november:", len(november), "joined:", len(november - august),
      "gone:", len(august - november))


writable = those(lambda key, row: row["consent"] == "true" and row["email"])
addresses = {customers[key]["email"].strip().lower() for key in writable}
control = int(Decimal(len(addresses)) / 10 + Decimal("0.5"))
print("05", f"writable: {len(writable)} unique: {len(addresses)} doubles: {len(writable) - len(addresses)}", end=" ")
print(f"control: {control} mailed: {len(addresses) - control}")

# Later than today, up to thirty days from it.
days = {((AS_OF + timedelta(days=n)).month, (AS_OF + timedelta(days=n)).day) for n in range(1, 31)}
soon = those(lambda _, c: c["consent"] == "true" and c["email"] and c["birthday"]
             and (lambda d: (d.month, d.day) in days)(date.fromisoformat(c["birthday"])))
print("06 soon:", len(soon), "in french:", sum(customers[key]["country"] == "FR" for key in soon))
