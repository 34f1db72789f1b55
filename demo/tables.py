"""The small tables beside the receipts: malls, shops, categories, brands and their sources."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A mall, category or brand: a code and its names."""

    code: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A shop, the code of its mall, and the number of its receipts in the year."""

    number: int
    mall: str
    receipts: int


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _places(name: str) -> tuple[DemoPlace, ...]:
    return tuple(DemoPlace(row["code"], row["name_en"], row["name_zh"]) for row in _rows(name))


@cache
def malls() -> tuple[DemoPlace, ...]:
    """The four malls."""
    return _places("malls.csv")


@cache
def categories() -> tuple[DemoPlace, ...]:
    """Every category that a line can have."""
    return _places("categories.csv")


@cache
def brands() -> tuple[DemoPlace, ...]:
    """Every brand that a line can have.

    `none` is a line whose product the source does not describe.
    """
    return _places("brands.csv")


@cache
def shops() -> tuple[DemoShop, ...]:
    """All shops by ascending number."""
    return tuple(
        DemoShop(int(row["shop"]), row["mall"], int(row["receipts"])) for row in _rows("shops.csv")
    )


@cache
def departments() -> dict[str, str]:
    """The source's department → category code.

    The empty department is a product that the source does not describe.
    """
    return {row["department"]: row["category"] for row in _rows("departments.csv")}


@cache
def brand_of_maker() -> dict[int, str]:
    """The source's manufacturer → brand code, for the national makers with a brand of their own."""
    return {
        int(row["manufacturer"]): row["code"] for row in _rows("brands.csv") if row["manufacturer"]
    }
