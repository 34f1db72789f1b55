"""What tills ask of holds, and what must be looked at to answer. No SQL of its own."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import text_of
from services.points.domain.spending.bills import Bill
from services.points.storage.spending.holds import Wanted
from shared.ids import quick_uuid


class MakeHold(NamedTuple):
    """Set points of a member aside. The member is named by id or by number."""

    key: str
    member_id: UUID | None
    member_number: str | None
    points: int
    ttl: timedelta
    reference: str

    @property
    def said(self) -> str:
        """What tells it from another request with the same key."""
        return (
            f"MakeHold(key={self.key!r}, member_id={self.member_id!r}, "
            f"member_number={self.member_number!r}, points={self.points}, ttl={self.ttl!r}, "
            f"reference={self.reference!r})"
        )


class CaptureHold(NamedTuple):
    """Spend points of a hold; `bill` is the receipt that they pay, when the till names one."""

    key: str
    hold_id: UUID
    points: int | None
    is_final: bool
    bill: Bill | None = None

    @property
    def said(self) -> str:
        """What tells it from another request with the same key."""
        paid = "" if self.bill is None else "|".join(map(str, self.bill.said))
        return (
            f"CaptureHold(key={self.key!r}, hold_id={self.hold_id!r}, points={self.points}, "
            f"is_final={self.is_final}, transaction_id=None){paid}"
        )


class ReleaseHold(NamedTuple):
    """Free what a hold still sets aside."""

    hold_id: UUID

    @property
    def said(self) -> str:
        """It has no key: asking for it twice does nothing."""
        return f"ReleaseHold(hold_id={self.hold_id!r})"


@dataclass(frozen=True)
class HoldTask:
    """What one till asks. `origin` is the request's correlation id and trace."""

    program_id: UUID
    shop_id: UUID
    till_id: str
    key_version: int
    asked: MakeHold | CaptureHold | ReleaseHold
    origin: tuple[str, str] = ("", "")

    @cached_property
    def fingerprint(self) -> bytes:
        """A hash of what is asked, to tell a repeat from another request with the same key.

        It is stored and compared for ever: its text is written out as it first was, and what is
        new stands at its end, only where it is asked for.
        """
        return hashlib.blake2b(self.asked.said.encode(), digest_size=16).digest()

    @cached_property
    def made_id(self) -> UUID | None:
        """The id of the hold or capture that it makes: the same for the same key of the shop."""
        if isinstance(self.asked, MakeHold):
            shop = text_of(self.shop_id)
            return quick_uuid(derived_id("hold", text_of(self.program_id), shop, self.asked.key))
        if isinstance(self.asked, CaptureHold):
            program, hold_id = text_of(self.program_id), self.asked.hold_id
            return quick_uuid(derived_id("capture", program, hold_id, self.asked.key))
        return None


def wanted_by(tasks: Sequence[HoldTask]) -> Wanted:
    """Everything that the tasks name."""
    members, numbers, holds, captures = set(), set(), set(), set()
    for task in tasks:
        asked, made_id = task.asked, task.made_id
        if isinstance(asked, MakeHold):
            assert made_id is not None
            holds.add(made_id)
            if asked.member_id is not None:
                members.add(asked.member_id)
            if asked.member_number is not None:
                numbers.add(asked.member_number)
            continue
        holds.add(asked.hold_id)
        if made_id is not None:
            captures.add(made_id)
    shops = {task.shop_id for task in tasks}
    return Wanted(list(shops), list(members), list(numbers), list(holds), list(captures))
