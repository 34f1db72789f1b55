"""What malls owe each other for points: who issued them pays who took them.

Each wallet is netted by itself: a star is no point. A mall that is None is the programme itself.
Money is rounded once for each wallet, pair of malls and currency of a period, half away from zero,
so that what one pays is what the other gets.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

Party = UUID | None


class Burned(NamedTuple):
    """Units of a wallet of `issuer` that `burner` took, at a price; negative: given back."""

    wallet: str
    issuer: Party
    burner: Party
    points: int
    amount_minor: int
    per_points: int
    currency: str


class Due(NamedTuple):
    """`debtor` owes `creditor` for units of a wallet. Never negative. Statements of before wallets
    had prices of their own netted them all together: there `wallet` is None."""

    wallet: str | None
    debtor: Party
    creditor: Party
    currency: str
    points: int
    amount_minor: int


class Position(NamedTuple):
    """What a mall gets for units of a wallet over all; negative when it pays. Positions of a wallet
    and currency sum to zero."""

    wallet: str | None
    mall_id: Party
    currency: str
    points: int
    amount_minor: int


def net(entries: Iterable[Burned]) -> list[Due]:
    """One due for each wallet, pair of malls and currency between which anything is left."""
    points: dict[tuple[str, str, Party, Party], int] = {}
    exact: dict[tuple[str, str, Party, Party], Fraction] = {}
    for entry in entries:
        first, second = sorted((entry.issuer, entry.burner), key=_party_order)
        sign = 1 if first == entry.issuer else -1
        pair = (entry.wallet, entry.currency, first, second)
        points[pair] = points.get(pair, 0) + sign * entry.points
        value = Fraction(sign * entry.points * entry.amount_minor, entry.per_points)
        exact[pair] = exact.get(pair, Fraction(0)) + value
    dues = []
    for pair in sorted(exact, key=lambda p: (*p[:2], *map(_party_order, p[2:]))):
        wallet, currency, first, second = pair
        amount, left = _half_away(exact[pair]), points[pair]
        # Prices that changed meanwhile may leave money without points, or points without money.
        if amount < 0 or (amount == 0 and left < 0):
            first, second, amount, left = second, first, -amount, -left
        if amount or left:
            dues.append(Due(wallet, first, second, currency, left, amount))
    return dues


def positions(dues: Iterable[Due]) -> list[Position]:
    """What each mall pays or gets; they sum to zero for each wallet and currency."""
    points: dict[tuple[str | None, str, Party], int] = {}
    amounts: dict[tuple[str | None, str, Party], int] = {}
    for due in dues:
        for mall, sign in ((due.creditor, 1), (due.debtor, -1)):
            key = (due.wallet, due.currency, mall)
            points[key] = points.get(key, 0) + sign * due.points
            amounts[key] = amounts.get(key, 0) + sign * due.amount_minor
    order = sorted(amounts, key=lambda key: (key[0] or "", key[1], _party_order(key[2])))
    return [Position(key[0], key[2], key[1], points[key], amounts[key]) for key in order]


def _half_away(value: Fraction) -> int:
    size = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return size if value >= 0 else -size


def _party_order(party: Party) -> int:
    return -1 if party is None else party.int
