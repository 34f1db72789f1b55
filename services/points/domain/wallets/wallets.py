"""Wallets of a member: the points that are built in, and others that staff add, such as stars.

All wallets share one ledger. An account of another wallet has an id made from member and wallet.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.points.domain.expiry.expiry import NEVER, ExpiryModel, expiry_of
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.wallets.errors import (
    GiftCapReached,
    WalletFull,
    WalletNotRedeemable,
    WalletNotTransferable,
)

POINTS = "points"


class Wallet(NamedTuple):
    """A kind of wallet as it is now. `balance_max` is the most that one account may hold; None for
    no limit. `gift_points_a_day_max` is the most that one member gives within 24 hours. `expiries`
    are the models of all versions with when each began, the oldest first."""

    code: str
    name: str
    expiry: ExpiryModel = NEVER
    balance_max: int | None = None
    may_transfer: bool = True
    may_redeem: bool = True
    expiries: Sequence[tuple[datetime, ExpiryModel]] = ()
    gift_points_a_day_max: int | None = None

    def expiry_at(self, instant: datetime) -> ExpiryModel:
        """The model that was in force then: before the first version the first, without any known
        the one in force now."""
        begun = [model for since, model in self.expiries if since <= instant]
        if begun:
            return begun[-1]
        return self.expiries[0][1] if self.expiries else self.expiry


# Lots of points end by the earning policy that gave them.
BUILT_IN = Wallet(POINTS, "Points")


def account_id_of(member_id: UUID, wallet: str) -> UUID:
    """The member's account of that wallet."""
    return member_id if wallet == POINTS else derived_id("wallet", member_id, wallet)


def room_in(wallet: Wallet, account: Account) -> int | None:
    """How many points still fit; None when there is no limit."""
    return None if wallet.balance_max is None else max(0, wallet.balance_max - account.balance)


def check_room(wallet: Wallet, account: Account, points: int) -> None:
    """Raise `WalletFull` when a credit by hand does not fit: it is refused as a whole."""
    room = room_in(wallet, account)
    if room is not None and points > room:
        raise WalletFull(
            f"The wallet takes {room} more, not {points}.",
            room=room,
            balance_max=wallet.balance_max,
        )


def fitting(wallet: Wallet, account: Account, points: int) -> int:
    """What of an automatic credit fits: it is trimmed to the limit, never refused."""
    room = room_in(wallet, account)
    return points if room is None else min(points, room)


def check_redeemable(wallet: Wallet) -> None:
    """Raise `WalletNotRedeemable` where staff said that it cannot be spent."""
    if not wallet.may_redeem:
        raise WalletNotRedeemable(f"{wallet.name} cannot be redeemed.", wallet=wallet.code)


def check_transferable(wallet: Wallet) -> None:
    """Raise `WalletNotTransferable` where staff said that it stays with its member."""
    if not wallet.may_transfer:
        raise WalletNotTransferable(f"{wallet.name} cannot be transferred.", wallet=wallet.code)


def check_gift_cap(wallet: Wallet, points: int, given: int) -> None:
    """Raise `GiftCapReached` when this would be more than a day's; `given` are the giver's gifts of
    the last 24 hours."""
    most = wallet.gift_points_a_day_max
    if most is None:
        return
    left = max(0, most - given)
    if points > left:
        raise GiftCapReached(
            f"{left} {wallet.name} can be given now.",
            wallet=wallet.code,
            gift_points_a_day_max=most,
            given=given,
            left=left,
        )


def terms_of(wallet: Wallet, earned_at: datetime, time_zone: str, terms: LotTerms) -> LotTerms:
    """The terms of a credit to a wallet beside the points: it ends by the wallet's own model, as it
    was when it was earned."""
    if wallet.code == POINTS:
        return terms
    expires_at, sliding_months = expiry_of(wallet.expiry_at(earned_at), earned_at, time_zone)
    return terms._replace(
        expires_at=expires_at, sliding_months=sliding_months, earned_at=terms.earned_at or earned_at
    )
