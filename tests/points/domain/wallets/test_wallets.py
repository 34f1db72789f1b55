"""Wallets: whose account is whose, and the limits that staff state."""

from datetime import UTC, datetime

import pytest

from services.points.domain.expiry.expiry import ExpiryKind, ExpiryModel
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.wallets.errors import (
    GiftCapReached,
    WalletFull,
    WalletNotRedeemable,
    WalletNotTransferable,
)
from services.points.domain.wallets.wallets import (
    BUILT_IN,
    Wallet,
    account_id_of,
    check_gift_cap,
    check_redeemable,
    check_room,
    check_transferable,
    fitting,
    terms_of,
)
from shared.ids import new_id
from tests.points.samples import NOON, make_account

STARS = Wallet("stars", "Stars", ExpiryModel(ExpiryKind.END_OF_YEAR), 100, False, False)


def test_points_are_the_members_own_account_and_each_other_wallet_has_one_of_its_own() -> None:
    one, two = new_id(), new_id()
    assert account_id_of(one, "points") == one
    assert account_id_of(one, "stars") == account_id_of(one, "stars")
    assert len({one, account_id_of(one, "stars"), account_id_of(two, "stars")}) == 3


def test_v_6_a_limit_trims_what_comes_by_itself_and_refuses_what_is_done_by_hand() -> None:
    account = make_account(balance=90)
    assert [fitting(STARS, account, points) for points in (5, 10, 11)] == [5, 10, 10]
    check_room(STARS, account, 10)
    with pytest.raises(WalletFull) as refused:
        check_room(STARS, account, 11)
    assert refused.value.facts == {"room": 10, "balance_max": 100}


def test_a_debt_makes_room_and_a_wallet_without_a_limit_takes_everything() -> None:
    assert fitting(STARS, make_account(balance=-20), 500) == 120
    assert fitting(BUILT_IN, make_account(balance=10**12), 10**9) == 10**9


def test_a_days_gifts_go_up_to_the_limit_and_the_refusal_says_what_is_left() -> None:
    limited = STARS._replace(gift_points_a_day_max=10)
    check_gift_cap(limited, 4, 6)
    check_gift_cap(STARS, 10**12, 10**12)
    for given, left in ((7, 3), (12, 0)):
        with pytest.raises(GiftCapReached) as refused:
            check_gift_cap(limited, 4, given)
        facts = {"gift_points_a_day_max": 10, "given": given, "left": left}
        assert refused.value.facts == {"wallet": "stars", **facts}


def test_what_staff_said_stays_stays() -> None:
    with pytest.raises(WalletNotRedeemable):
        check_redeemable(STARS)
    with pytest.raises(WalletNotTransferable):
        check_transferable(STARS)
    check_redeemable(BUILT_IN)
    check_transferable(BUILT_IN)


def test_a_credit_ends_by_the_wallets_model_and_points_by_their_policy() -> None:
    terms = LotTerms(funding="campaign")
    found = terms_of(STARS, NOON, "Asia/Shanghai", terms)
    assert found.expires_at == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (found.earned_at, found.funding) == (NOON, "campaign")
    assert terms_of(BUILT_IN, NOON, "Asia/Shanghai", terms) == terms
