"""What sentences call the points of a wallet."""

from typing import NamedTuple

from services.points.domain.wallets.wallets import POINTS


class Unit(NamedTuple):
    """In Chinese and in English, after a number."""

    zh: str
    en: str


POINTS_UNIT = Unit("积分", "points")


def unit_of(wallet: str, name: str | None) -> Unit:
    """Points are points; of another wallet it is the name in force now, in both languages."""
    return POINTS_UNIT if wallet == POINTS else Unit(name or wallet, name or wallet)
