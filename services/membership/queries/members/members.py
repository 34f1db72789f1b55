"""One member, opened: what is personal is decrypted here and goes no further than the answer."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.members.sealing import ProgramKeys, unseal
from shared.db import driver


@dataclass(frozen=True, slots=True)
class IdentityView:
    """One of a member's identities, in the clear."""

    identity_id: UUID
    type: str
    value: str = field(repr=False)
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as stored; personal fields are in the clear, and None once erased."""

    member_id: UUID
    member_number: str
    enrolled_at: datetime
    channel: str
    locale: str
    home_mall_id: UUID | None
    tier: str
    tier_since: datetime
    visits: int
    spend_minor: int
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None
    name: str | None = field(repr=False)
    birthday: date | None = field(repr=False)
    identities: tuple[IdentityView, ...] = field(repr=False)

    @property
    def phone(self) -> str | None:
        """The member's phone, E.164."""
        return next((i.value for i in self.identities if i.type == "phone"), None)


async def find_member(
    session: AsyncSession, program_id: UUID, keys: ProgramKeys, member_id: UUID
) -> MemberView | None:
    """The member, or None."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT m.member_id, m.member_number, m.enrolled_at, m.channel, m.locale, "
        "m.home_mall_id, m.key_sealed, m.name_sealed, m.birthday_sealed, t.tier, "
        "t.since AS tier_since, coalesce(p.visits, 0) AS visits, "
        "coalesce(p.spend_minor, 0) AS spend_minor, p.first_purchase_at, p.last_purchase_at "
        "FROM member m JOIN member_tier t USING (program_id, member_id) "
        "LEFT JOIN member_profile p USING (program_id, member_id) "
        "WHERE m.program_id = $1 AND m.member_id = $2",
        program_id,
        member_id,
    )
    if row is None:
        return None
    identities = await connection.fetch(
        "SELECT identity_id, type, value_sealed, verified_at FROM member_identity "
        "WHERE program_id = $1 AND member_id = $2 ORDER BY type, added_at, identity_id",
        program_id,
        member_id,
    )
    return _opened(dict(row), identities, keys)


def _opened(row: dict[str, Any], identities: list[Any], keys: ProgramKeys) -> MemberView:
    member_id = row["member_id"]
    wrapped = row.pop("key_sealed")
    key = None if wrapped is None else unseal(keys.wrapping, wrapped, f"{member_id} key")

    def opened(sealed: bytes | None, place: str) -> str | None:
        if sealed is None or key is None:
            return None
        return unseal(key, sealed, f"{member_id} {place}").decode()

    birthday = opened(row.pop("birthday_sealed"), "birthday")
    return MemberView(
        name=opened(row.pop("name_sealed"), "name"),
        birthday=None if birthday is None else date.fromisoformat(birthday),
        identities=tuple(
            IdentityView(i["identity_id"], i["type"], value, i["verified_at"])
            for i in identities
            if (value := opened(i["value_sealed"], i["type"])) is not None
        ),
        **row,
    )


async def find_member_by_number(
    session: AsyncSession, program_id: UUID, member_number: str
) -> UUID | None:
    """The id behind a member number."""
    connection = await driver(session)
    member_id: UUID | None = await connection.fetchval(
        "SELECT member_id FROM member WHERE program_id = $1 AND member_number = $2",
        program_id,
        member_number,
    )
    return member_id
