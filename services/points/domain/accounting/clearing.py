"""What malls owe each other for points: who issued them pays who took them.

A mall that is None is the programme itself. Money is rounded once for each pair of malls and
currency of a period, half away from zero, so that what one pays is what the other gets.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

Party = UUID | None


class Burned(NamedTuple):
    """Points of `issuer` that `burner` took, at a price; negative points were given back."""

    issuer: Party
    burner: Party
    points: int
    amount_minor: int
    per_points: int
    currency: str


class Due(NamedTuple):
    """`debtor` owes `creditor`. Never negative."""

    debtor: Party
    creditor: Party
    currency: str
    points: int
    amount_minor: int


class Position(NamedTuple):
    """What a mall gets over all; negative when it pays. Positions of a currency sum to zero."""

    mall_id: Party
    currency: str
    points: int
    amount_minor: int


def net(entries: Iterable[Burned]) -> list[Due]:
    """One due for each pair of malls and currency between which anything is left."""
    points: dict[tuple[Party, Party, str], int] = {}
    exact: dict[tuple[Party, Party, str], Fraction] = {}
    for entry in entries:
        first, second = sorted((entry.issuer, entry.burner), key=_party_order)
        sign = 1 if first == entry.issuer else -1
        pair = (first, second, entry.currency)
        points[pair] = points.get(pair, 0) + sign * entry.points
        value = Fraction(sign * entry.points * entry.amount_minor, entry.per_points)
        exact[pair] = exact.get(pair, Fraction(0)) + value
    dues = []
    for pair in sorted(exact, key=lambda p: (p[2], _party_order(p[0]), _party_order(p[1]))):
        first, second, currency = pair
        amount, left = _half_away(exact[pair]), points[pair]
        # Prices that changed meanwhile may leave money without points, or points without money.
        if amount < 0 or (amount == 0 and left < 0):
            first, second, amount, left = second, first, -amount, -left
        if amount or left:
            dues.append(Due(first, second, currency, left, amount))
    return dues


def positions(dues: Iterable[Due]) -> list[Position]:
    """What each mall pays or gets; they sum to zero for each currency."""
    points: dict[tuple[Party, str], int] = {}
    amounts: dict[tuple[Party, str], int] = {}
    for due in dues:
        for mall, sign in ((due.creditor, 1), (due.debtor, -1)):
            key = (mall, due.currency)
            points[key] = points.get(key, 0) + sign * due.points
            amounts[key] = amounts.get(key, 0) + sign * due.amount_minor
    order = sorted(amounts, key=lambda key: (key[1], _party_order(key[0])))
    return [
        Position(mall, currency, points[mall, currency], amounts[mall, currency])
        for mall, currency in order
    ]


def _half_away(value: Fraction) -> int:
    size = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return size if value >= 0 else -size


def _party_order(party: Party) -> int:
    return -1 if party is None else party.int
