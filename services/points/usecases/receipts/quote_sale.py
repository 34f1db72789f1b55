"""What a sale would earn right now, by the very code that records it, and nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from json import loads
from typing import Any
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts.caps import Note
from services.points.domain.receipts.earning import Rating, points_of
from services.points.domain.receipts.errors import QuoteOutdated, ShopUnknown
from services.points.domain.receipts.pos_records import Stored
from services.points.domain.receipts.receipts import Bounds, Receipt, check_receipt
from services.points.domain.receipts.tiers import tier_at
from services.points.domain.reviews.review import Why
from services.points.storage.expiry.activations import load_told_events
from services.points.storage.ledger.accounts import find_survivor
from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.receipts.plain_sales import Glance, glance_at_sales
from services.points.storage.receipts.pos_batch import Item, Look, TillBatch, decide
from shared.db import Statements

_LOOKS_MAX = 3


@dataclass(frozen=True, slots=True)
class Quote:
    """The sale as it would be stored. `worth` is before limits; `terms` and `reason` are those of
    its posting, None when there would be none; `why_review` says why somebody looks at it first."""

    sale: Stored
    rating: Rating
    tier: str | None
    worth: int
    terms: LotTerms | None
    reason: Mapping[str, Any] | None
    why_review: Sequence[Why] = ()

    @property
    def notes(self) -> list[Note]:
        """Why points would not count."""
        found: list[Note] = loads(self.sale.notes or "[]")
        return found


async def quote_sale(
    statements: Statements,
    program_id: UUID,
    now: datetime,
    bounds: Bounds,
    till_id: str,
    receipt: Receipt,
) -> Quote:
    """Decide the receipt on copies of what is stored.

    Raises `ShopUnknown`, `MemberUnknown`, and what makes the receipt implausible.
    """
    batch = TillBatch(program_id, receipt.key.shop_id, till_id, 0, [receipt])
    glance = await _look(statements, program_id, batch)
    named = _named(glance, receipt)
    if named is not None and named not in glance.accounts:
        survivor_id = await find_survivor(statements, program_id, named)
        receipt = receipt._replace(member_id=survivor_id or named, member_number=None)
        batch = replace(batch, receipts=[receipt])
        glance = await _look(statements, program_id, batch)
    shop = glance.directory.shops.get(receipt.key.shop_id)
    if shop is None:
        raise ShopUnknown("No such shop in this programme.")
    check_receipt(receipt, shop, now, bounds)
    item = Item(receipt, shop, batch)
    account = _member_of(glance, receipt)
    item.member_id = account.account_id if account is not None else None
    terms = [policy.pending for policy in glance.directory.policies]
    await load_told_events(statements, program_id, glance.accounts, terms)
    look = Look(glance.accounts, {}, {}, traces=glance.traces)
    sale = decide(look, program_id, now, glance.directory, item).stored
    assert sale is not None
    assert sale.rating is not None
    tier = tier_at(account.timeline, sale.purchased_at) if account is not None else None
    postings = look.write.books.postings
    return Quote(
        sale,
        sale.rating,
        tier,
        points_of(sale.rating, tier),
        postings[0].terms if postings else None,
        loads(postings[0].cause.reason) if postings else None,
        look.cases[0].reasons if look.cases else (),
    )


async def _look(statements: Statements, program_id: UUID, batch: TillBatch) -> Glance:
    """The first look may learn of limits, the next one reads what was used of them."""
    rulebooks = Rulebooks()
    for _ in range(_LOOKS_MAX):
        glance = await glance_at_sales(statements, program_id, rulebooks, [batch])
        if not glance.is_short:
            return glance
    raise QuoteOutdated("The policies are changing right now. Ask again.")


def _named(glance: Glance, receipt: Receipt) -> UUID | None:
    if receipt.member_number is not None:
        return glance.numbers.get(receipt.member_number)
    return receipt.member_id


def _member_of(glance: Glance, receipt: Receipt) -> Account | None:
    if receipt.member_id is None and receipt.member_number is None:
        return None
    member_id = _named(glance, receipt)
    account = glance.accounts.get(member_id) if member_id is not None else None
    if account is None:
        raise MemberUnknown("No such member in this programme.")
    return account
