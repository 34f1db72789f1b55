"""Stars and the like are spent at a desk, and given to another member."""

from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import DESK, check_is_self, require_shop
from services.points.api.wallets.wallets import WalletCode
from services.points.usecases.wallets.give_from_wallet import WalletGift, give_from_wallet
from services.points.usecases.wallets.redeem_wallet import WalletRedemption, redeem_wallet
from shared.http.depends import CurrentMember, CurrentStaff, IdempotencyKey, Now, Tx
from shared.http.fields import Id, Name, Strict
from shared.ids import new_id
from shared.logs import current_origin

router = APIRouter(prefix="/v1/members/{member_id}/wallets/{wallet}", tags=["Wallets"])
POINTS_MAX = 1_000_000_000
_SHOP_ID = "0199f3a2-c1d0-7b7e-8000-000000000003"
_MEMBER_ID = "0199f3a2-c1d0-7b7e-8000-00000000000b"
_ID = "0199f3a2-c1d0-7b7e-8000-0000000000d1"


class WalletRedemptionIn(Strict):
    """What the desk of `shop_id` takes, and for what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"points": 5, "shop_id": _SHOP_ID, "reference": "A cup of tea"}]
        }
    )

    points: int = Field(ge=1, le=POINTS_MAX)
    shop_id: Id
    reference: Name


class WalletRedemptionOut(BaseModel):
    """What was taken. A till of the shop undoes it as any redemption."""

    redemption_id: UUID = Field(examples=[_ID])
    wallet: str = Field(examples=["stars"])
    points: int = Field(examples=[5])
    version: int = Field(examples=[4])
    balance: int = Field(examples=[7])


class WalletGiftIn(Strict):
    """What is given, and to whom."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"points": 2, "to_member_id": _MEMBER_ID}]}
    )

    points: int = Field(ge=1, le=POINTS_MAX)
    to_member_id: Id


class WalletGiftOut(BaseModel):
    """What was given; `balance` is the giver's."""

    gift_id: UUID = Field(examples=[_ID])
    wallet: str = Field(examples=["stars"])
    points: int = Field(examples=[2])
    balance: int = Field(examples=[5])


@router.post(
    "/redemptions",
    summary="Spend from a wallet",
    status_code=201,
    responses={200: {"model": WalletRedemptionOut, "description": "Done before; same answer."}},
)
async def redeem(
    member_id: UUID,
    wallet: WalletCode,
    body: WalletRedemptionIn,
    staff: CurrentStaff,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    response: Response,
) -> WalletRedemptionOut:
    """Takes what ends first, from `member_id` at `shop_id`, where the wallet may be redeemed.
    Role: desk, for the shop or its mall."""
    await require_shop(staff, DESK, session, body.shop_id)
    asked = WalletRedemption(
        member_id, wallet, body.points, body.shop_id, body.reference, staff.subject, key
    )
    origin = current_origin()
    answer, is_new = await redeem_wallet(session, now, staff.program_id, new_id(), asked, origin)
    response.status_code = 201 if is_new else 200
    return WalletRedemptionOut(**answer)


@router.post(
    "/gifts",
    summary="Give from a wallet",
    status_code=201,
    responses={200: {"model": WalletGiftOut, "description": "Done before; same answer."}},
)
async def give(
    member_id: UUID,
    wallet: WalletCode,
    body: WalletGiftIn,
    who: CurrentMember,
    key: IdempotencyKey,
    session: Tx,
    now: Now,
    response: Response,
) -> WalletGiftOut:
    """From `member_id` to `to_member_id` at once, with the end that it has, where the wallet may be
    transferred; no more within 24 hours than it says."""
    check_is_self(who, member_id)
    gift = WalletGift(member_id, body.to_member_id, wallet, body.points, key)
    origin = current_origin()
    answer, is_new = await give_from_wallet(session, now, who.program_id, new_id(), gift, origin)
    response.status_code = 201 if is_new else 200
    return WalletGiftOut(**answer)
