"""Let a member be known by one more identity, or by another phone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.members.errors import IdentityTaken, MemberUnknown
from services.membership.domain.members.identities import (
    IdentityType,
    mask_identity,
    normalise_identity,
)
from services.membership.domain.members.sealing import (
    NONCE_BYTES,
    ProgramKeys,
    blind_index,
    seal,
    unseal,
)
from services.membership.storage.members.members import (
    IdentityRow,
    claim_identities,
    delete_phone,
    find_members_by_index,
    lock_member_key,
    touch_identity,
)
from services.membership.storage.programs.programs import get_program
from shared.ids import new_bytes, new_id


@dataclass(frozen=True, slots=True)
class IdentityAdded:
    """The identity as anybody may see it."""

    identity_id: UUID
    type: IdentityType
    masked: str
    verified_at: datetime | None
    is_new: bool


async def add_identity(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    keys: ProgramKeys,
    member_id: UUID,
    kind: IdentityType,
    value: str,
    is_verified: bool,
) -> IdentityAdded:
    """The identity, new or known. A phone takes the place of the one before.

    Raises `MemberUnknown`, `IdentityTaken`, `IdentityInvalid`, `PhoneInvalid`.
    """
    region = (await get_program(session, program_id)).region
    key_sealed = await lock_member_key(session, program_id, member_id)
    if key_sealed is None:
        raise MemberUnknown("No such member.")
    plain = normalise_identity(kind, value, region)
    index = blind_index(keys.index, kind, plain)
    verified_at = now if is_verified else None
    owner = (await find_members_by_index(session, program_id, kind, [index])).get(index)
    if owner == member_id:
        known = await touch_identity(session, program_id, kind, index, verified_at)
        return IdentityAdded(known[0], kind, mask_identity(kind, plain), known[1], False)
    if owner is None and kind == "phone":
        await delete_phone(session, program_id, member_id)
    key = unseal(keys.wrapping, key_sealed, f"{member_id} key")
    sealed = seal(key, new_bytes(NONCE_BYTES), plain.encode(), f"{member_id} {kind}")
    row = IdentityRow(new_id(), member_id, kind, index, sealed, verified_at)
    if owner is not None or not await claim_identities(session, program_id, [row], now):
        raise IdentityTaken("This identity belongs to another member.")
    return IdentityAdded(row.identity_id, kind, mask_identity(kind, plain), verified_at, True)
