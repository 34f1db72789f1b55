"""The identities by which a member is known."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.membership.api.principals import keys_of, require_member_desk
from services.membership.domain.members.identities import IdentityType
from services.membership.usecases.members.add_identity import add_identity
from services.membership.usecases.members.remove_identity import remove_identity
from shared.http.depends import Now, StaffOrService, Tx
from shared.http.fields import PLAIN, Strict

router = APIRouter(prefix="/v1/members/{member_id}/identities", tags=["members"])


class IdentityRequest(Strict):
    """An identity to add. `is_verified` when the caller has made sure that it is the member's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "wechat_openid",
                    "value": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
                    "is_verified": True,
                }
            ]
        }
    )

    type: IdentityType
    value: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=PLAIN)]
    is_verified: bool = False


class IdentityAdded(BaseModel):
    """The identity; its value is masked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "identity_id": "0199f3a2-c1d0-7b7e-8000-00000000000b",
                    "type": "wechat_openid",
                    "value": "*************************S6o",
                    "verified_at": "2026-03-10T12:00:00Z",
                    "is_new": True,
                }
            ]
        }
    )

    identity_id: UUID
    type: str
    value: str
    verified_at: datetime | None
    is_new: bool


@router.post(
    "",
    summary="Add an identity",
    status_code=201,
    responses={200: {"model": IdentityAdded, "description": "The member has it already."}},
)
async def post_identity(
    member_id: UUID,
    body: IdentityRequest,
    who: StaffOrService,
    request: Request,
    response: Response,
    session: Tx,
    now: Now,
) -> IdentityAdded:
    """An identity is one member's: 409 when it is another's. Role: members or front_end.

    A phone takes the place of the member's phone before it.
    """
    require_member_desk(who)
    added = await add_identity(
        session,
        now,
        who.program_id,
        keys_of(request, who.program_id),
        member_id,
        body.type,
        body.value,
        body.is_verified,
    )
    response.status_code = status.HTTP_201_CREATED if added.is_new else status.HTTP_200_OK
    return IdentityAdded(
        identity_id=added.identity_id,
        type=added.type,
        value=added.masked,
        verified_at=added.verified_at,
        is_new=added.is_new,
    )


@router.delete("/{identity_id}", status_code=204, summary="Remove an identity")
async def delete_identity(
    member_id: UUID, identity_id: UUID, who: StaffOrService, session: Tx, now: Now
) -> None:
    """Free for others from now on. A member's phone stays: 409. Role: members or front_end."""
    require_member_desk(who)
    await remove_identity(session, now, who.program_id, member_id, identity_id)
