#!/usr/bin/env python3
"""Write the sample data of the examples: the same files every time.

    python3 examples/data/generate.py

The people, shops and orders are made up. The generator draws its numbers from a sequence of its
own, so that no version of Python changes the files.
"""

import csv
import os
from datetime import date, datetime, timedelta

HERE = os.path.dirname(os.path.abspath(__file__))
# The last day that the data knows. The examples are run as of two days later.
LAST_DAY = date(2026, 11, 22)
CUSTOMERS = 320


class Draw:
    """A linear congruential generator; its high bits are good enough for sample data."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def chance(self, percent):
        return self.below(100) < percent

    def one(self, items):
        return items[self.below(len(items))]


FIRST = {
    "FR": ["Camille", "Chloé", "Hugo", "Inès", "Jules", "Léa", "Manon", "Nathan", "Zoé"],
    "DE": ["Anna", "Ben", "Clara", "Emil", "Greta", "Jörg", "Lena", "Max", "Ursula"],
    "ES": ["Álvaro", "Carmen", "Diego", "Inés", "Lucía", "Marta", "Pablo"],
    "IT": ["Alessia", "Bruno", "Chiara", "Giulia", "Luca", "Marco", "Sofia"],
    "BE": ["Elise", "Jef", "Lotte", "Noah", "Seppe", "Wout"],
}
LAST = {
    "FR": ["Bernard", "Dubois", "Fournier", "Lefèvre", "Martin", "Moreau", "Petit", "Roux"],
    "DE": ["Becker", "Fischer", "Groß", "Koch", "Müller", "Schneider", "Weber"],
    "ES": ["Alonso", "García", "Muñoz", "Ortega", "Romero", "Vega"],
    "IT": ["Bianchi", "Conti", "Esposito", "Ferrari", "Rossi"],
    "BE": ["Claes", "Jacobs", "Maes", "Peeters", "Willems"],
}
POSTCODES = {
    "FR": ["01000", "06400", "13001", "33000", "69003", "75011"],
    "DE": ["01067", "04109", "10115", "20095", "50667", "80331"],
    "ES": ["08001", "28004", "41001", "46002"],
    "IT": ["00184", "20121", "40121", "50122"],
    "BE": ["1000", "2000", "8000", "9000"],
}
PHONE = {"FR": "+336", "DE": "+4915", "ES": "+346", "IT": "+393", "BE": "+324"}
PRODUCTS = [
    ("0101", "Watering can", "Garden", "24.90"),
    ("0102", "Rose fertilizer", "Garden", "9.50"),
    ("0103", "Pruning shears", "Garden", "34.00"),
    ("0104", "Raised bed", "Garden", "119.00"),
    ("0105", "Seed box", "Garden", "14.95"),
    ("0201", "Coffee mill", "Kitchen", "79.00"),
    ("0202", "Cast iron pan", "Kitchen", "64.90"),
    ("0203", "Tea towel", "Kitchen", "7.95"),
    ("0204", "Chef's knife", "Kitchen", "89.00"),
    ("0205", "Salad bowl", "Kitchen", "29.90"),
    ("0301", "Linen bedding", "Bedroom", "149.00"),
    ("0302", "Wool blanket", "Bedroom", "98.50"),
    ("0303", "Pillow", "Bedroom", "39.90"),
    ("0401", "Desk lamp", "Office", "59.00"),
    ("0402", "Notebook, dotted", "Office", "12.50"),
    ("0403", "Fountain pen", "Office", "45.00"),
    ("0501", "Puzzle, 1000 pieces", "Games", "19.95"),
    ("0502", "Chess set", "Games", "54.00"),
]


def ascii_name(text):
    for accent, plain in zip("áéèëíñóöúüßÁÉ", "aeeeinoouusAE"):
        text = text.replace(accent, plain)
    return text


def write(name, header, rows):
    with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)
    print(f"{name}: {len(rows)} rows")


def moment(draw, first, last):
    day = first + timedelta(days=draw.below((last - first).days + 1))
    return datetime(day.year, day.month, day.day) + timedelta(
        hours=7, minutes=draw.below(15 * 60), seconds=draw.below(60)
    )


def main():
    draw = Draw(2026)
    customers, known, orders, lines = [], [], [], []
    prices = {sku: price for sku, _, _, price in PRODUCTS}
    for number in range(1, CUSTOMERS + 1):
        # Leading zeros: a number to a spreadsheet, a text to everybody who has to match it.
        customer = f"{number:06}"
        country = draw.one(["FR"] * 5 + ["DE"] * 5 + ["ES"] * 2 + ["IT"] * 2 + ["BE"])
        first, last = draw.one(FIRST[country]), draw.one(LAST[country])
        email = f"{ascii_name(first)}.{ascii_name(last)}{number}@example.com".lower()
        if draw.chance(7):
            email = ""
        elif draw.chance(4) and known:
            # Registered twice, the second time with the address in capitals.
            first, last, country, email = draw.one(known)
            email = email.upper()
        else:
            known.append((first, last, country, email))
        signed_up = moment(draw, date(2022, 1, 10), LAST_DAY)
        # One in twelve has never been asked.
        consent = "" if draw.chance(8) else "true" if draw.chance(72) else "false"
        birthday = ""
        if draw.chance(80):
            birthday = date(1950 + draw.below(56), 1 + draw.below(12), 1 + draw.below(28))
        phone = PHONE[country] + f"{draw.below(10**8):08}" if draw.chance(60) else ""
        customers.append([customer, email, first, last, country, draw.one(POSTCODES[country]),
                          phone, birthday, consent, signed_up])

        # A third buy once or never, a few very often; some have stopped at some time.
        often = draw.one([0, 0, 1, 1, 2, 2, 3, 4, 6, 9])
        until = LAST_DAY if draw.chance(60) else date(2026, 4, 30)
        since = signed_up.date() + timedelta(days=1)
        for _ in range(often if since <= until else 0):
            orders.append([None, customer, moment(draw, since, until),
                           draw.one(["paid"] * 8 + ["cancelled", "refunded"])])

    orders.sort(key=lambda order: (order[2], order[1]))
    for number, order in enumerate(orders, start=1):
        order[0] = 10_000 + number
        total = 0
        for line in range(1, 2 + draw.below(3)):
            sku, quantity = draw.one(PRODUCTS)[0], draw.one([1, 1, 1, 2, 3])
            cents = int(prices[sku].replace(".", "")) * quantity
            total += cents
            lines.append([order[0], line, sku, quantity, f"{cents // 100}.{cents % 100:02}"])
        order.append(f"{total // 100}.{total % 100:02}")

    blocked = [[email.title() if draw.chance(30) else email, draw.one(["complaint", "bounced"])]
               for _, _, _, email in known if draw.chance(5)]

    write("customers.csv", ["customer_id", "email", "first_name", "last_name", "country",
                            "postcode", "phone", "birthday", "consent", "signed_up_at"], customers)
    write("orders.csv", ["order_id", "customer_id", "ordered_at", "status", "amount"], orders)
    write("order_lines.csv", ["order_id", "line", "sku", "quantity", "price"], lines)
    write("products.csv", ["sku", "name", "category", "price"], PRODUCTS)
    write("blocklist.csv", ["address", "reason"], blocked)


if __name__ == "__main__":
    main()
