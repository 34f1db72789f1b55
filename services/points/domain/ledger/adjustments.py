"""What staff may change by hand: reason codes, evidence, and when a second person must look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from json import dumps
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.expiry.expiry import read_expiry
from services.points.domain.expiry.given_points import GivenTerms, ending_by
from services.points.domain.ledger import ledger
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import EvidenceMissing, MoreThanOwed, ReasonCodeUnknown
from services.points.domain.ledger.ledger import Books, Cause
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.wallets.wallets import POINTS, Wallet, check_room, terms_of

ADJUSTMENT = "adjustment"
WRITE_OFF = "write_off"

POSTED = "posted"
AWAITS_CHECK = "awaits_check"
REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """A reason that the programme knows, with its names by language."""

    code: str
    names: dict[str, str]
    needs_evidence: bool = False


class Unchecked(NamedTuple):
    """What one person gave one member within 24 hours, and took from them, without a second pair of
    eyes: adjustments and write-offs in all wallets. What was made to end earlier is taken."""

    given: int
    taken: int


@dataclass(frozen=True, slots=True)
class AdjustmentRules:
    """A programme's rules. Version 0 is built in: any reason code, no evidence asked for."""

    version: int
    points_unchecked_max: int
    reason_codes: tuple[ReasonCode, ...] = ()

    def check(self, code: str, evidence: str | None) -> None:
        """Raise `ReasonCodeUnknown` or `EvidenceMissing`. An empty list takes any code."""
        known = {reason.code: reason for reason in self.reason_codes}
        if known and code not in known:
            raise ReasonCodeUnknown(
                "The programme's rules do not list this reason code.", known=sorted(known)
            )
        if known and known[code].needs_evidence and not evidence:
            raise EvidenceMissing("This reason code needs evidence: a text or an address.")

    def needs_check(self, points: int, unchecked: Unchecked) -> bool:
        """Whether a second person must look before these points move, after what was unchecked."""
        before = unchecked.given if points > 0 else unchecked.taken
        return before + abs(points) > self.points_unchecked_max


@dataclass(slots=True)
class Adjustment:
    """An adjustment as stored. `version` and `balance_after` are its posting's, once it posted.

    `terms`: what was said of the points given: `expiry`, `mall_id`, `shop_id` and `funding`.
    """

    adjustment_id: UUID
    member_id: UUID
    kind: str
    status: str
    points: int
    reason_code: str
    note: str
    evidence: str | None
    made_by: str
    request_hash: bytes
    recorded_at: datetime
    version: int | None = None
    balance_after: int | None = None
    checked_by: str | None = None
    checked_at: datetime | None = None
    check_note: str | None = None
    wallet: str = "points"
    terms: Mapping[str, Any] | None = None

    def reason(self) -> dict[str, Any]:
        """Who, why and on what ground; the posting keeps it."""
        return {
            "rule": self.kind,
            "reason_code": self.reason_code,
            "note": self.note,
            "evidence": self.evidence,
            "made_by": self.made_by,
            "checked_by": self.checked_by,
            "check_note": self.check_note,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for. `points` is None to write off all that is owed."""

    member_id: UUID
    points: int | None
    reason_code: str
    note: str
    made_by: str
    idempotency_key: str
    evidence: str | None = None
    kind: str = field(default=ADJUSTMENT)
    wallet: str = "points"
    terms: Mapping[str, Any] | None = None


def post_adjustment(
    books: Books,
    account: Account,
    made: Adjustment,
    wallet: Wallet,
    time_zone: str,
    given: GivenTerms,
    now: datetime,
) -> tuple[int, int]:
    """Add, take, or write off. Returns the posting's version and the balance after it.

    Points that are added end as was said, or as what is bought now; another wallet's by its model.

    Raises `InsufficientPoints`, `AccountFrozen`, `WalletFull`, `MoreThanOwed`.
    """
    cause = Cause(
        made.kind, ledger.ADJUSTMENT, "adjustment", made.adjustment_id, dumps(made.reason())
    )
    if made.kind == WRITE_OFF:
        owed = max(0, -account.balance)
        if made.points > owed:
            raise MoreThanOwed(f"{owed} points are owed.", owed=owed)
    if made.points > 0:
        check_room(wallet, account, made.points)
        terms = _terms(made.terms or {}, wallet, time_zone, given, now)
        posting = books.credit(account, made.points, cause, terms)
    else:
        posting = books.spend(account, -made.points, cause, now)
    return posting.version, posting.balance_after


def _terms(
    said: Mapping[str, Any], wallet: Wallet, time_zone: str, given: GivenTerms, now: datetime
) -> LotTerms:
    mall_id, shop_id = (UUID(said[n]) if said.get(n) else None for n in ("mall_id", "shop_id"))
    terms = LotTerms(
        mall_id=mall_id, shop_id=shop_id, funding=said.get("funding") or LotTerms().funding
    )
    if wallet.code == POINTS:
        terms, time_zone = given.ending(terms, now), given.zone_of(mall_id)
    else:
        terms = terms_of(wallet, now, time_zone, terms)
    expiry = said.get("expiry")
    return terms if expiry is None else ending_by(terms, read_expiry(expiry), now, time_zone)
